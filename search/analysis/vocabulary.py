"""Which words and phrases mean the same, and what a person typed, read with that knowledge.

A group is told once and works both ways, in queries alone: documents stay as they are, so a group that
staff add is in force at the next search. ``BUILT_IN`` is what every shop in Iraq needs; the groups of
staff (``search.models.Synonym``) come on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

from search.analysis import PLAIN, analyse, folded_words, query_words
from search.analysis.arabic_nouns import is_known
from search.analysis.sorani import WRITTEN as SORANI
from search.analysis.sounds import LATIN, script_of

LONGEST_PHRASE = 4
#: What a part of a query may stand for at most; each is one more look-up.
MOST_ALTERNATIVES = 12
MOST_PARTS = 24
LONGEST_QUERY = 512


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a query. ``alternatives`` are texts; a document must have all words of one of them.

    ``kind``: ``words``, ``phrase`` (in this order) or ``without``; ``joined``, which will do instead of the
    two parts of words before it; ``prefer``, whose texts are a field and values of it, narrows nothing but
    puts documents with one of them first.
    """

    kind: str
    alternatives: tuple[str, ...]

    def as_json(self) -> list[object]:
        return [self.kind, list(self.alternatives)]


@lru_cache(maxsize=20_000)
def _keys(word: str) -> tuple[str, ...]:
    """Under which a word is known: however it is inflected, by the rules of the languages it can be of."""
    plain = analyse(word, PLAIN)
    if len(plain) != 1:
        return ("\0".join(plain),)
    if script_of(plain[0]) == LATIN:
        return ("\0".join(analyse(word, "en")),)
    keys = ["\0".join((language, *analyse(word, language))) for language in _languages_of(word)]
    return tuple(dict.fromkeys(keys))


def _languages_of(word: str) -> tuple[str, ...]:
    """Rules of a language that a word is not of make others of it: the ث of ثوب is no س but in Kurdish."""
    found = folded_words(word)
    folded = found[0] if len(found) == 1 else word
    is_arabic, is_sorani = is_known(folded), folded in SORANI
    if _ONLY_SORANI & set(word) or (is_sorani and not is_arabic):
        return ("ckb",)
    if _ONLY_ARABIC & set(word) or (is_arabic and not is_sorani):
        return ("ar",)
    return "ar", "ckb"


_ONLY_SORANI = frozenset("ەێۆڵڕڤ")
_ONLY_ARABIC = frozenset("ةأإآثذضظصطى")


@dataclass(slots=True)
class Vocabulary:
    """Groups of equal phrases, looked up by their first words' keys."""

    _groups: list[tuple[str, ...]] = field(default_factory=list)
    _by_key: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    #: Pairs of keys that no group may bring together.
    _apart: set[frozenset[tuple[str, ...]]] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        groups: Iterable[Sequence[str]],
        *,
        apart: Iterable[Sequence[str]] = (),
        beside: Vocabulary | None = None,
    ) -> Vocabulary:
        """``beside`` stays as it is; what is ``apart`` is so in its groups too."""
        made = cls(
            list(beside._groups) if beside else [],
            {key: list(places) for key, places in beside._by_key.items()} if beside else {},
        )
        for group in apart:
            keys = [set(phrase_keys(query_words(phrase))) for phrase in group]
            for one, other in combinations(keys, 2):
                made._apart |= {frozenset({left, right}) for left in one for right in other if left != right}
        for group in groups:
            made._add(tuple(dict.fromkeys(phrase.strip() for phrase in group if phrase.strip())))
        return made

    def _add(self, group: tuple[str, ...]) -> None:
        place = len(self._groups)
        self._groups.append(group)
        for phrase in group:
            words = query_words(phrase)
            if not words or len(words) > LONGEST_PHRASE:
                continue
            for key in phrase_keys(words):
                places = self._by_key.setdefault(key, [])
                if place not in places:
                    places.append(place)

    def same_as(self, words: Sequence[str]) -> tuple[str, ...]:
        """Phrases that mean what these words mean, without themselves; empty if nothing is known."""
        # By how they are looked for: of several spellings with the same terms one is enough.
        found: dict[tuple[tuple[str, ...], ...], str] = {}
        own = phrase_keys(words)
        # Groups of staff were added last and stand first: of more than can be looked for, theirs are kept.
        for place in sorted({place for key in own for place in self._by_key.get(key, ())}, reverse=True):
            for phrase in self._groups[place]:
                keys = phrase_keys(query_words(phrase))
                if not set(keys) & set(own) and not self._are_apart(own, keys):
                    found.setdefault(tuple(keys), phrase)
        return tuple(found.values())[:MOST_ALTERNATIVES]

    def groups_of_single_words(self) -> Iterator[tuple[str, ...]]:
        """Of each group the phrases of one word, letters folded."""
        for group in self._groups:
            words = tuple(folded[0] for phrase in group if len(folded := folded_words(phrase)) == 1)
            if len(words) > 1:
                yield words

    def single_words(self) -> Iterator[str]:
        """Its phrases of one word, letters folded."""
        for group in self._groups:
            for phrase in group:
                folded = folded_words(phrase)
                if len(folded) == 1:
                    yield folded[0]

    def _are_apart(self, one: Iterable[tuple[str, ...]], other: Iterable[tuple[str, ...]]) -> bool:
        return bool(self._apart) and any(
            frozenset({left, right}) in self._apart for left in one for right in other
        )


def phrase_keys(words: Sequence[str]) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = [()]
    for word in words:
        keys = [(*key, more) for key in keys for more in _keys(word)]
    return keys


def understand(text: str, vocabulary: Vocabulary | None = None) -> list[Part]:
    """What a person typed: words with what means the same, "phrases", and -words to be without."""
    known = BUILT_IN if vocabulary is None else vocabulary
    parts: list[Part] = []
    for number, piece in enumerate(text[:LONGEST_QUERY].split('"')):
        if number % 2:
            if piece.strip():
                parts.append(Part("phrase", (piece.strip(),)))
            continue
        kept = []
        for word in piece.split():
            if not word.startswith("-"):
                kept.append(word)
            elif word.strip("-"):
                parts.append(Part("without", (word.lstrip("-"),)))
        words = [part for word in query_words(" ".join(kept)) for part in _apart_from_unit(word, known)]
        parts += _with_synonyms(words[:MOST_PARTS], known)
    return parts[:MOST_PARTS]


def _with_synonyms(words: Sequence[str], vocabulary: Vocabulary) -> list[Part]:
    """Longest known phrase first. A word written in two, or two in one, is found as well."""
    parts: list[Part] = []
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
            span = words[place : place + length]
            same = vocabulary.same_as(span)
            if same or length == 1:
                parts.append(Part("words", (" ".join(span), *same)))
                place += length
                break
    if len(words) == len(parts) == 2 and _may_be_one_word(words):
        parts.append(Part("joined", ("".join(words),)))
    return parts


_WITH_UNIT = re.compile(r"(\d+(?:[.,]\d+)*)([^\W\d_]+)")


def _apart_from_unit(word: str, vocabulary: Vocabulary) -> list[str]:
    """ "256GB" as it is searched for, 256 and GB, where the unit has other names."""
    match = _WITH_UNIT.fullmatch(word)
    return list(match.groups()) if match and vocabulary.same_as([match[2]]) else [word]


def _may_be_one_word(span: Sequence[str]) -> bool:
    """ "air fryer", "لاب توب": short words of letters, which many write as one."""
    return all(len(word) <= 5 and word.isalpha() and analyse(word, PLAIN) for word in span)


_NAMES = """
hp | hewlett packard | اتش بي | إتش بي | اچ بي | اش بي | ايج بي | ئێچ پی | هێچ پی | ئەیچ پی
lg | ال جي | إل جي | الجي | ئێڵ جی | ئێل جی | ئەلجی
tcl | تي سي ال | تی سی ئێڵ
msi | ام اس اي | إم إس آي | ئێم ئێس ئای
jbl | جي بي ال | جەی بی ئێڵ
amd | اي ام دي | إيه إم دي | ئەی ئێم دی
ibm | اي بي ام | آي بي إم
huawei | هواوي | هواواي | هواوەی | هواوی | هواوێی
xiaomi | شاومي | شياومي | شاومی | شیاومی | شاوومی
asus | اسوس | أسوس | ازوس | ايسوس | ئاسوس | ئەسوس
acer | ايسر | أيسر | اسر | ئەیسەر | ئاسەر
apple | ابل | آبل | أبل | ئەپڵ | ئاپڵ | ئەپل
iphone | ايفون | آيفون | أيفون | ئایفۆن | ئای فۆن
ipad | ايباد | آيباد | أيباد | ئایپاد
macbook | ماك بوك | ماكبوك | ماک بوک | ماکبووک
airpods | ايربودز | اير بودز | ئێرپۆدز
samsung | سامسونج | سامسونغ | سامسونك | سامسونگ | سامسۆنگ | سامسوونگ
galaxy | جالاكسي | غالاكسي | كالكسي | جلاكسي | گالاکسی | گەلاکسی
sony | سوني | سۆنی
dell | ديل | دل | دێڵ | دێل
lenovo | لينوفو | لنوفو | لینۆڤۆ | لێنۆڤۆ | لینۆفۆ
toshiba | توشيبا | تۆشیبا
microsoft | مايكروسوفت | ميكروسوفت | مایکرۆسۆفت
windows | ويندوز | وندوز | ویندۆز
google | جوجل | غوغل | قوقل | كوكل | گووگڵ | گوگل | گوگڵ
nokia | نوكيا | نۆکیا
oppo | اوبو | أوبو | ئۆپۆ
vivo | فيفو | ڤیڤۆ
realme | ريلمي | ڕیلمی
oneplus | ون بلس | وان پڵەس
honor | هونر | هونور | ئۆنەر | هۆنەر
tecno | تكنو | تيكنو | تێکنۆ
infinix | انفينكس | إنفينكس | ئینفینیکس
panasonic | باناسونيك | بناسونيك | پاناسۆنیک
philips | فيليبس | فلبس | فیلیپس
bosch | بوش | بۆش
siemens | سيمنس | سيمنز | سیمێنس | زیمێنس
braun | براون | بڕاون
beko | بيكو | بیکۆ
arcelik | ارجليك | ارجيليك | ئارچەلیک
vestel | فيستل | ڤێستێل | ڤیستل
hisense | هايسنس | هايسينس | هایسێنس
haier | هاير | حاير | هایەر
whirlpool | ويرلبول | وێرلپوڵ
electrolux | الكترولوكس | إلكترولوكس | ئەلیکترۆلوکس
kenwood | كينوود | كنوود | کێنوود
moulinex | مولينكس | مولينيكس | مۆلینێکس
tefal | تيفال | تيفل | تێفاڵ | تیفاڵ
black decker | بلاك ديكر | بلاك اند ديكر | بلاک دیکەر
dyson | دايسون | دایسۆن
midea | ميديا | مایدیا | میدیا
gree | جري | غري | گری
daikin | دايكن | دايكين | دایکین
carrier | كاريير | كاريه
canon | كانون | کانۆن | کانون
nikon | نيكون | نیکۆن
epson | ابسون | إبسون | ئێپسۆن
xerox | زيروكس | زیرۆکس
logitech | لوجيتك | لوجيتيك | لۆجیتێک | لۆگیتێک
razer | ريزر | رازر | ڕەیزەر
intel | انتل | إنتل | انتيل | ئینتێڵ | ئینتڵ
nvidia | نفيديا | انفيديا | إنفيديا | ئینڤیدیا | نڤیدیا
geforce | جيفورس | جي فورس | جیفۆرس
radeon | راديون | ڕادیۆن
ryzen | رايزن | رايزين | ڕایزن
kingston | كينغستون | كنغستون | كينجستون | کینگستۆن
sandisk | سانديسك | سان ديسك | ساندیسک
seagate | سيجيت | سيغيت | سیگەیت
western digital | ويسترن ديجيتال | wd
anker | انكر | أنكر | ئانکەر
baseus | بيسوس | باسيوس | بەیسەس
ugreen | يوجرين | يو جرين | یووگرین
ikea | ايكيا | إيكيا | آيكيا | ئیکیا | ئایکیا
nike | نايك | نايكي | نایک | نایکی
adidas | اديداس | أديداس | ئادیداس | ئەدیداس
puma | بوما | پوما | پووما
reebok | ريبوك | ڕیبۆک
gucci | غوتشي | جوتشي | گوچی
zara | زارا
lacoste | لاكوست | لاکۆست
casio | كاسيو | کاسیۆ
rolex | رولكس | رۆلێکس
seiko | سيكو | سایکۆ
nivea | نيفيا | نیڤیا
loreal | لوريال | لۆرێاڵ | لۆریاڵ
dove | دوف | دەڤ
pantene | بانتين | پانتین
gillette | جيليت | جيلليت | جیلێت
pampers | بامبرز | پامپەرز | پامپێرس
nestle | نستله | نسله | نێستلە
nescafe | نسكافيه | نسكافة | نێسکافە
pepsi | بيبسي | پێپسی
lego | ليغو | ليجو | لیگۆ
barbie | باربي | باربی
playstation | بلايستيشن | بلاي ستيشن | پلەیستەیشن | پلەی ستەیشن | ps5
xbox | اكس بوكس | إكس بوكس | ئێکس بۆکس
nintendo | نينتندو | نینتێندۆ
bluetooth | بلوتوث | بلوتوس | بلۆتوس | بلوتوز
wifi | wi-fi | واي فاي | وايفاي | وای فای
usb | يو اس بي | یو ئێس بی
hdmi | اتش دي ام اي
ssd | اس اس دي | ئێس ئێس دی
hard disk | هارد ديسك | هارد | هارددیسک | hdd
toyota | تويوتا | تۆیۆتا
nissan | نيسان | نیسان
hyundai | هيونداي | هيونداى | هیۆندای
kia | كيا | کیا
mercedes | مرسيدس | مێرسیدس | مەرسیدس
michelin | ميشلان | ميشلن | میشلان
castrol | كاسترول | کاسترۆڵ
bose | بوز | بوس | بۆز
huggies | هاجيز | هاجيس | هاگیز
red bull | redbull | ريد بول | ريدبول | ڕێد بوڵ
bic | بيك | بیک
versace | فيرساتشي | فرزاتشي | فيرزاتشي | ڤێرساچی
cerave | سيرافي | سیراڤی
garnier | غارنييه | جارنييه | غارنيه | جارنيه | گارنیە
maggi | ماجي | ماكي | ماگی
nido | نيدو | نیدۆ
kiri | كيري | کیری
avon | افون | ئەیڤۆن
vichy | فيشي | ڤیشی
oral b | oral-b | اورال بي | ئۆڕاڵ بی
lays | ليز | لەیز
tide | تايد | تاید
ariel | اريال | ئاریاڵ
persil | برسيل | پێرسیل
fairy | فيري | فێری
clorox | كلوركس | کلۆرۆکس
dettol | ديتول | دێتۆڵ
lux | لوكس | لوکس
h&m | اتش اند ام
levis | levi's | ليفايز | ليفيس | لیڤایز
crocs | كروكس | کرۆکس
polo | بولو | پۆلۆ
bmw | بي ام دبليو | بی ئێم دەبلیو
ford | فورد | فۆرد
chevrolet | شوفرليت | شفروليه | شيفروليه | شێڤرۆلێت
honda | هوندا | هۆندا
poco | بوكو | پۆکۆ
redmi | ريدمي | ردمي | ڕێدمی
hoco | هوكو | هۆکۆ
tp link | tp-link | تي بي لنك | تی پی لینک
denka | دنكا | دێنکا
shark | شارك | شارک
sharp | شارب | شارپ
hitachi | هيتاشي | هیتاچی
total | توتال | تۆتاڵ
pro | برو | پرۆ
max | ماكس | ماکس
plus | بلس | پڵەس | پلەس
mini | ميني | مینی
ultra | الترا | ئەڵترا
air | اير | ئێر
note | نوت | نۆت
new | نيو | نیو
mac | ماك | ماک
oreo | اوريو | ئۆریۆ
head shoulders | head & shoulders | هيد اند شولدرز | هيد شولدرز | هێد شۆڵدەرز
ray ban | rayban | ray-ban | ريبان | راي بان | ڕەیبان
new balance | نيو بالانس | نیو بالانس
power bank | powerbank | باور بانك | باوربانك | بور بانك | پاوەر بانک | پاوەربانک
olay | اولاي | أولاي | ئۆلای
wella | ويلا | ولا | وێلا
axe | اكس | ئاکس
crucial | كروشال | كروشيال | کرووشیاڵ
d link | d-link | dlink | دي لينك | دي لنك | دی لینک
hugo boss | هوغو بوس | هوجو بوس | هوكو بوس | هوگۆ بۆس
hot wheels | هوت ويلز | هۆت ویڵز
play doh | play-doh | بلاي دو | پلەی دۆ
del monte | ديل مونتي | ديلمونتي | دێل مۆنتی
schwarzkopf | شوارزكوف | شوارتسكوف | شوارزكوبف | شوارزکۆف
surface | سيرفس | سيرفيس | سێرفێس
renault | رينو | ڕێنۆ | ڕینۆ
alcatel | الكاتيل | ئەلکاتێڵ
gorenje | جورنيه | جورينجي | غورينيه | گۆرێنیە
fusion | فيوجن | فیوژن
la roche posay | la roche-posay | لاروش بوزيه | لا روش بوزيه | لارۆش پۆزای
sunsilk | صانسيلك | سانسيلك | سانسیڵک
staedtler | ستدلر | ستيدلر | ستێدلەر
pad | باد | پاد
peugeot | بيجو | بوجو | پێژۆ
volkswagen | فولكس واجن | فولكسواغن | فولكس فاجن | فۆڵکسواگن
audi | اودي | أودي | ئاودی
lexus | لكزس | لكسز | لێکسەس
dodge | دودج | دۆج
jeep | جيب | جێپ
gmc | جي ام سي | جی ئێم سی
shell | شل | شێڵ
liqui moly | ليكوي مولي | لیکوی مۆلی
almarai | المراعي | ئەلمەراعی
alwazah | al wazah | الوزة | شاي الوزة
ahmad tea | شاي احمد | چای ئەحمەد
bounty | باونتي | بونتي | باونتی
puck | بوك | پووک
anchor | انكور | ئانکۆر
quaker | كويكر | کوەیکەر
nesquik | نسكويك | نێسکویک
huda beauty | هدى بيوتي | هدا بيوتي | هودا بیوتی
always | اولويز | ئۆڵوەیز
guigoz | غيغوز | جيجوز | گیگۆز
omo | اومو | أومو | ئۆمۆ
pif paf | بيف باف | پیف پاف
raid | ريد | ڕەید
fa | فا
awei | اوي | أوي | ئاوی
hyperx | هايبر اكس | هایپەر ئێکس
steelseries | ستيل سيريس | ستيلسيريز | ستیل سیریز
ubiquiti | يوبيكويتي | یوبیکویتی
dji | دي جي اي | دی جەی ئای
hikvision | هيكفيجن | هيك فيجن | هایکڤیژن
skyworth | سكاي وورث | سكاي ورث | سکای وۆرس
pull bear | pull & bear | بول اند بير | پووڵ ئاند بێر
lc waikiki | ال سي وايكيكي | ئێڵ سی وایکیکی
guess | جيس | غيس | گێس
michael kors | مايكل كورس | مایکڵ کۆرس
tupperware | تابروير | تبروير | تەپەروێر
karaca | كاراجا | قراجا | کاراجا
pasabahce | باشابهجه | باشا بهجة | پاشاباهچە
netgear | نتجير | نت جير | نێتگیر
fisher price | fisher-price | فيشر برايس | فیشەر پرایس
faber castell | faber-castell | فابر كاستل | فابەر کاستێڵ
kitkat | kit kat | كيت كات | کیت کات
closeup | close up | كلوس اب | کلۆس ئەپ
citroen | سيتروين | ستروين | سیترۆین
perrier | بيرييه | بيرجيه | پێریە
missha | ميشا | میشا
coach | كوتش | کۆچ
lee cooper | لي كوبر | لی کووپەر
echo | ايكو | ئیکۆ
ecco | ايكو | ئێکۆ
nest | نست | نێست
benq | بنكيو | بين كيو | بێنکیو
buffalo | بافلو | بافالو | بەفەلۆ
liebherr | ليبهر | ليبير | لیبهێر
byd | بي واي دي | بی وای دی
mg | ام جي | ئێم جی
aoc | اي او سي | ئەی ئۆ سی
uhu | اوهو | ئوهو
veet | فيت | ڤیت
nair | نير | نەیر
nuk | نوك | نووک
jif | جيف | جیف
shein | شي ان | شيان | شی ئین
mothercare | مذركير | مذر كير | مەزەرکێر
golden rose | جولدن روز | كولدن روز | گۆڵدن ڕۆز
amway | امواي | ئامووەی
lush | لاش | لەش
lattafa | لطافة | لەتافە
montblanc | mont blanc | مونت بلان | مۆنت بلان
bvlgari | bulgari | بولغاري | بلغاري | بوڵگاری
tom ford | توم فورد | تۆم فۆرد
pioneer | بايونير | پایۆنیەر
fujifilm | فوجي فيلم | فوجيفيلم | فوجی فیلم
bestway | بيست واي | بستواي | بێست وەی
tapo | تابو | تاپۆ
eufy | يوفي | یوفی
tuya | تويا | تویا
imou | ايمو | ئیمۆ
apc | اي بي سي | ئەی پی سی
deye | ديي | دیی | ديه
toyo | تويو | تۆیۆ
maxxis | ماكسيس | ماکسیس
ngk | ان جي كي | ئێن جی کەی
fuchs | فوكس | فووکس
wurth | würth | وورث | وۆرت
turtle wax | تيرتل واكس | تێرتڵ واکس
baladna | بلدنا | بەلەدنا
tic tac | تيك تاك | تیک تاک
m&m | m&ms | ام اند ام | ئێم ئاند ئێم
loacker | لواكر | لۆاکەر
afia | عافية | ئافیا
mahmood | محمود | مەحموود
illy | ايلي | ئیلی
rauch | راوخ | ڕاوخ
aquafina | اكوافينا | ئاکوافینا
maxi cosi | maxi-cosi | ماكسي كوزي | ماکسی کۆزی
philips hue | فيليبس هيو | فیلیپس هیو
brother | برذر | براذر | بروذر | بڕادەر
ram | رام | ڕام
"""

_UNITS = """
inch | بوصة | انج | انش | إنش | ئینج | ئینچ
gb | gigabyte | جيجا | جيجابايت | غيغا | غيغابايت | كيكا | گیگا | گێگا | گیگابایت
tb | terabyte | تيرا | تيرابايت | تێرا | تێرابایت
mb | megabyte | ميجا | ميجابايت | ميغا | مێگا | مێگابایت
watt | w | واط | وات
kw | kilowatt | كيلو واط | كيلوواط | کیلۆوات
mah | ملي امبير | میلی ئەمپێر
ampere | amp | امبير | أمبير | ئەمپێر
volt | فولت | فولط | ڤۆڵت
kg | kilo | kilogram | كيلو | كغم | كغ | كيلوغرام | كيلوجرام | کیلۆ | کگم | کیلۆگرام
gram | grams | gm | غرام | جرام | كرام | غم | گرام | گم
ml | milliliter | مل | ملي | مليلتر | میلیلیتر
liter | litre | liters | ltr | لتر | ليتر | لیتر
cm | سم | سانتي | سنتيمتر | سنتمتر | سانتیمەتر
mm | ملم | مليمتر | میلیمەتر
meter | metre | m | متر | مەتر
foot | feet | ft | قدم
ton | طن | تۆن
dozen | درزن | دزينة | دەرزەن
pcs | pieces | piece | قطعة | قطع | پارچە
hz | hertz | هرتز | هێرتز
size | مقاس | قەبارە | سایز
"""

_GOODS = """
laptop | notebook | لابتوب | لاب توب | لبتوب | حاسوب محمول | كمبيوتر محمول | لاپتۆپ | لەپتۆپ | لاپ تۆپ
computer | كمبيوتر | كومبيوتر | حاسوب | حاسبة | کۆمپیوتەر | کۆمپیوتەر
tablet | تابلت | تابلیت | لوحي | تابلێت | ئایپاد
mobile | موبايل | موبایل | جوال | نقال | هاتف محمول | مۆبایل | مۆبایڵ
phone | هاتف | تلفون | تليفون | تەلەفۆن | تەلەفون
tv | television | تلفزيون | تلفاز | تليفزيون | تيفي | تەلەفزیۆن | تەلەفیزیۆن | تی ڤی
monitor | شاشة | مۆنیتەر | شاشە
keyboard | كيبورد | كي بورد | لوحة مفاتيح | کیبۆرد | تەختەکلیل
mouse | ماوس | فأرة | ماوس كمبيوتر | ماوس
printer | طابعة | برنتر | برينتر | پرینتەر | چاپکەر
router | راوتر | ڕاوتەر
charger | شاحن | شاحنة موبايل | جارجر | چارجەر | شەحن | شەحنکەر
cable | كيبل | كابل | قابلو | کێبڵ | کەیبڵ | وایەر
headphones | headset | earphones | سماعة | سماعات | هيدفون | هێدفۆن | بیستۆک
speaker | سبيكر | مكبر صوت | سپیکەر | بلندگۆ
camera | كاميرا | کامێرا | کامیرا
battery | بطارية | باتري | پاتری | باتری
fridge | refrigerator | ثلاجة | براد | سەلاجە | یەخچاڵ | سارکەرەوە
freezer | مجمدة | فريزر | فریزەر | بەستوو
washing machine | washer | غسالة | غسالة ملابس | جلشۆر | غەسالە | جلشۆری
dishwasher | غسالة صحون | جلاية | قاپشۆر
oven | فرن | فڕن
cooker | stove | طباخ | غاز | تەباخ
microwave | مايكرويف | ميكروويف | ميكرويف | مایکرۆوەیڤ | مایکرۆویڤ
vacuum cleaner | vacuum | مكنسة | مكنسة كهربائية | گسکی کارەبایی | ڤاکیوم
air conditioner | ac | مكيف | مكيفة | سبلت | كنديشن | سپلیت | ئێرکۆندیشن | ساردکەرەوە
heater | مدفأة | صوبة | دفاية | هيتر | سۆپا | گەرمکەرەوە
water heater | سخان | كيزر | گیزەر | بۆیلەر
fan | مروحة | بنكة | پانکە
blender | mixer | خلاط | خەڵاتە | تێکەڵکەر
iron | مكواة | اوتي | ئوتو
kettle | غلاية | كتلي | کتلی | کتری
air fryer | airfryer | قلاية هوائية | ئێرفرایەر
generator | مولد | مولدة | مۆلیدە | مۆلیدە
sofa | couch | أريكة | كنبة | قنفة | طقم قنفات | قەنەفە | کەنەبە
armchair | كرسي بذراعين | فوتيه | کورسی دەسکدار
chair | كرسي | کورسی | کورسي
table | طاولة | ميز | منضدة | مێز
desk | مكتب | طاولة مكتب | مێزی نووسین | مێزی کار
bed | سرير | تخت | جرباية | چرپا | تەخت | قەرەوێڵە
mattress | مرتبة | دوشك | فراش | دۆشەک
pillow | وسادة | مخدة | سەرین | باڵیف
blanket | بطانية | بەتانی
curtain | ستارة | بردة | پەردە
carpet | rug | سجادة | زولية | فەرش | قاڵی
wardrobe | closet | خزانة ملابس | كنتور | دولاب | کەنتۆر | کۆمدی | دۆلاب
bookcase | bookshelf | مكتبة | خزانة كتب | کتێبخانە
shelf | رف | ڕەف | رەفە
lamp | مصباح | لمبة | گڵۆپ | لامپا | لایت
mirror | مرآة | مراية | ئاوێنە | ئاوێنە
clock | watch | ساعة | کاتژمێر | سەعات
shoes | حذاء | قندرة | پێڵاو
shirt | قميص | کراس
trousers | pants | بنطلون | بنطرون | پانتۆڵ
dress | فستان | نفنوف | فستان | عەزی
jacket | جاكيت | سترة | چاکەت
bag | حقيبة | جنطة | شنطة | جانتا
perfume | عطر | عەتر | بۆن
toy | لعبة | یاری | بووکەڵە
bicycle | bike | دراجة | بايسكل | پاسکیل | پایسکل
plate | صحن | ماعون | قاپ | دەوری
pot | قدر | جدر | مەنجەڵ
knife | سكين | سچين | چەقۆ
spoon | ملعقة | خاشوكة | کەوچک
cup | mug | كوب | قدح | کوپ | پەرداخ
refill | اعادة تعبئة
gaming | العاب | كيمنك | جيمنج | گەیمینگ | یاری
wireless | لاسلكي | وايرلس | بێتەل | بێ وایەر | وایەرلێس
white | أبيض | بيضاء | سپی
black | أسود | سوداء | ڕەش | رەش
red | أحمر | حمراء | سوور | سور
blue | أزرق | زرقاء | شین
green | أخضر | خضراء | سەوز
yellow | أصفر | صفراء | زەرد
grey | gray | رمادي | رصاصي | خۆڵەمێشی
brown | بني | جوزي | قاوەیی
wood | wooden | خشب | خشبي | دار | تەختە
leather | جلد | جلدي | چەرم | پێست
cotton | قطن | قطني | لۆکە
glass | زجاج | زجاجي | شووشە
gold | golden | ذهب | ذهبي | زێڕ | ئاڵتوون
silver | فضة | فضي | زیو
plastic | بلاستيك | بلاستيكي | پلاستیک
orange | برتقالي | پرتەقاڵی
pink | وردي | زهري | پەمەیی | پەمبە
purple | بنفسجي | مۆر | وەنەوشەیی
drill | دريل | مثقاب | دریڵ
hammer | مطرقة | شاكوش | چكوش | چەکوش
screwdriver | مفك | درنفيس | دەرنەفیس | پێچکەرەوە
screw | برغي | پێچ
nail | مسمار | بزمار
saw | منشار | مشار
wrench | spanner | مفتاح ربط | سبانة | سپانە
pliers | كماشة | زردية | بلايس | پلایس
ladder | سلم | درج المنيوم | پەیژە
paint | دهان | طلاء | صبغ جدران | بۆیاخ | بۆیە
hose | خرطوم | صوندة | سۆندە
lock | قفل | قوفڵ
battery charger | شاحن بطارية
flashlight | torch | كشاف | مصباح يدوي | تۆرچ | لایتی دەستی
diapers | diaper | nappies | حفاضات | حفاظات | حفاض | دایبی
stroller | pram | عربة اطفال | عربانة اطفال | گالیسکە
crib | cot | سرير اطفال | مهد | بێشکە
pacifier | لهاية | مصاصة | مەمکە
feeding bottle | رضاعة | شووشەی شیر
baby | رضيع | بيبي | كۆرپە | کۆرپە | ساوا
child | children | kids | طفل | اطفال | منداڵ | مناڵ
women | ladies | نسائي | حريمي | ژنانە
men | رجالي | پیاوانە
toothbrush | فرشاة اسنان | فلچەی ددان
toothpaste | معجون اسنان | معجون الاسنان | هەویری ددان
soap | صابون | صابونة | سابوون
shampoo | شامبو | شامپۆ
cream | كريم | کرێم
lipstick | احمر شفاه | حمرة | سووراو
mascara | مسكارا | ماسكارا | مەسکارا
makeup | make up | مكياج | ميكب | ميك اب | مکیاج | میکاپ
hair | شعر | قژ
comb | مشط | شانە
razor | shaver | ماكينة حلاقة | موس حلاقة | گوێزان
hair dryer | مجفف شعر | سشوار
towel | منشفة | خاولي | خاولی
tissues | مناديل | كلينكس | کلێنس
detergent | مسحوق غسيل | منظف
rice | رز | أرز | تمن | برنج
tea | شاي | چا | چای
coffee | قهوة | قاوە
sugar | سكر | شەکر
salt | ملح | خوێ
oil | زيت | دهن | ڕۆن | زەیت
milk | حليب | شیر
cheese | جبن | جبنة | پەنیر
yogurt | زبادي | روبة | ماست
honey | عسل | هەنگوین
bread | خبز | صمون | نان
meat | لحم | گۆشت
chicken | دجاج | مريشك | مریشک
egg | eggs | بيض | بيضة | هێلکە
water | ماء | مياه | ئاو
juice | عصير | شەربەت
chocolate | شوكولاتة | شوكولاته | شكولاته | شكولاتة | جكليت | شوكلاته | چوکلێت | شوکولاتە
biscuit | biscuits | بسكويت | بسكت | بسکیت
dates | تمر | خورما
nuts | مكسرات | كرزات | چەرەزات
spices | بهارات | توابل | بەهارات
pasta | macaroni | معكرونة | مكرونة | مەعکەرۆنی
pen | قلم | قلم جاف | پێنووس | قەڵەم
pencil | قلم رصاص | قەڵەم ڕەساس
copybook | exercise book | دفتر | دەفتەر
book | كتاب | کتێب | پەرتووک
eraser | ممحاة | محاية | سڕەرەوە
ruler | مسطرة | ڕاستە
scissors | مقص | مقەست
glue | صمغ | غراء | چەسپ
paper | ورق | کاغەز
school bag | backpack | حقيبة مدرسية | حقيبة ظهر | جنطة مدرسية | جانتای قوتابخانە | جانتای پشت
frying pan | pan | مقلاة | طاوة | تاوە
fork | شوكة | چنكال | چەنگاڵ
teapot | قوري | ابريق شاي | قۆری
tray | صينية | سینی
glasses | sunglasses | نظارة | نظارة شمسية | عوينات | چاویلکە
belt | حزام | قايش | قایش | پشتێن
hat | cap | قبعة | شفقة | کڵاو
socks | جوارب | جواريب | گۆرەوی
gloves | قفازات | كفوف | دەستکێش
scarf | وشاح | لفاف | شال | ملپێچ
coat | معطف | قبوط | پاڵتۆ
t shirt | t-shirt | tshirt | تيشيرت | تي شيرت | تيشرت | تیشێرت | تی شێرت
skirt | تنورة | تەنوورە
pyjamas | pajamas | بيجامة | بيجاما | بیجامە
sandals | صندل | نعال | سۆڵ | نەعل
wallet | محفظة | جزدان
ring | خاتم | محبس | ئەنگوستیلە
necklace | قلادة | ملوانکە
earrings | اقراط | حلق | تراجي | گوارە
bracelet | سوار | بازن | دەستبەند
bottle | قنينة | زجاجة | بطل | بوتڵ | بتڵ
case | cover | كفر | غطاء موبايل | کەڤەر
screen protector | لزقة شاشة | لاصق شاشة | شاشەپارێز
flash | usb drive | flash drive | فلاش | فلاشة | فلاش ميموري | فلاشی یو ئێس بی
memory card | كارت ميموري | بطاقة ذاكرة | رام موبايل | کارتی میمۆری
remote | ريموت | جهاز تحكم | ڕیمۆت
earbuds | ايربودز | سماعة اذن | airpods
projector | بروجكتر | جهاز عرض | پرۆجێکتەر
scanner | سكانر | ماسح ضوئي | سکانەر
ink | حبر | مەرەکەب
plug | socket | بلك | قابس | پلاک
"""


def _groups(text: str) -> list[list[str]]:
    return [line.split(" | ") for line in text.strip().split("\n")]


BUILT_IN = Vocabulary.of([*_groups(_NAMES), *_groups(_UNITS), *_groups(_GOODS)])
