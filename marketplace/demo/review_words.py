"""What the demo's residents say about furniture and laptops: by kind, language and stars."""

from __future__ import annotations

Words = tuple[tuple[str, str], ...]

REVIEW_WORDS: dict[tuple[str, str, int], Words] = {
    ("furniture", "ar", 5): (
        ("ممتاز ومتين", "وصلت القطعة مغلفة بشكل ممتاز وركّبتها خلال ساعة. الخشب متين واللون مثل الصورة."),
        ("أحلى ما اشتريت للبيت", "الحجم مناسب لغرفتنا والتوصيل كان قبل الموعد. أنصح بها."),
        ("يستاهل السعر", "خامة نظيفة والبراغي كاملة مع ورقة التركيب. شكراً للبائع."),
    ),
    ("furniture", "ar", 4): (
        ("جيد جداً", "القطعة جميلة وثابتة، لكن التركيب احتاج شخصين."),
        ("راضٍ عن الشراء", "مطابق للوصف. تأخر التوصيل يوماً واحداً فقط."),
    ),
    ("furniture", "ar", 3): (
        ("مقبول", "الشكل جميل لكن الخشب أخف مما توقعت."),
        ("متوسط", "مناسب لغرفة صغيرة، ولا يتحمل وزناً كثيراً."),
    ),
    ("furniture", "ar", 2): (("أقل من المتوقع", "كان في أحد الألواح خدش صغير، والبائع وعد بتبديله."),),
    ("furniture", "ar", 1): (("لم يناسبني", "وصلت القطعة ناقصة البراغي واضطررت لشرائها من السوق."),),
    ("furniture", "ckb", 5): (
        ("زۆر باش و بەهێز", "بە باشی پێچرابوو و لە ماوەی کاتژمێرێکدا دامنا. ڕەنگەکەی وەک وێنەکەیە."),
        ("شایەنی نرخەکەیەتی", "قەبارەکەی بۆ ژوورەکەمان گونجاوە و زوو گەیشت. سوپاس بۆ فرۆشیار."),
    ),
    ("furniture", "ckb", 4): (
        ("باشە", "جوانە و جێگیرە، بەڵام دانانی دوو کەسی دەوێت."),
        ("دڵخۆشم پێی", "وەک باسکراوە. تەنها ڕۆژێک دواکەوت."),
    ),
    ("furniture", "ckb", 3): (("مامناوەند", "شێوەکەی جوانە بەڵام تەختەکەی سووکترە لەوەی چاوەڕێم دەکرد."),),
    ("furniture", "ckb", 2): (("کەمتر لە چاوەڕوانی", "پارچەیەکی ڕووشابوو، فرۆشیار بەڵێنی گۆڕینی دا."),),
    ("furniture", "ckb", 1): (("بۆ من نەبوو", "هەندێک پارچەی کەم بوو و ناچار بووم لە بازاڕ بیکڕم."),),
    ("furniture", "en", 5): (
        (
            "Solid and beautiful",
            "Arrived well packed, and I put it together in an hour. The colour is as shown.",
        ),
        ("Worth every point", "Fits our living room perfectly. Delivery came a day early."),
    ),
    ("furniture", "en", 4): (("Very good", "Sturdy and good-looking; you need two people to assemble it."),),
    ("furniture", "en", 3): (
        ("Fine for the price", "Looks nice, but the boards are lighter than I expected."),
    ),
    ("furniture", "en", 2): (
        ("Less than I hoped", "One panel was scratched. The seller promised a new one."),
    ),
    ("furniture", "en", 1): (("Not for me", "Some screws were missing and I had to buy them in town."),),
    ("laptop", "ar", 5): (
        ("سريع وهادئ", "أستخدمه للدراسة والعمل، يفتح بثوانٍ والبطارية تكفي يوم الدوام."),
        ("جهاز ممتاز", "وصل مختوماً ومطابقاً للمواصفات، والشاشة واضحة جداً."),
        ("أفضل من المتوقع", "خفيف ومناسب للتنقل، والبائع أجاب عن كل أسئلتي."),
    ),
    ("laptop", "ar", 4): (
        ("جيد جداً بهذا السعر", "أداء ممتاز للبرامج المكتبية، والسماعات متوسطة."),
        ("أنصح به", "الجهاز سريع لكن الشاحن ثقيل قليلاً."),
    ),
    ("laptop", "ar", 3): (
        ("متوسط", "يكفي للتصفح والدراسة، أما الألعاب فلا."),
        ("مقبول", "الشاشة باهتة قليلاً تحت الشمس."),
    ),
    ("laptop", "ar", 2): (("بطيء قليلاً", "يحتاج إلى قرص أسرع. غيّرته فتحسن كثيراً."),),
    ("laptop", "ar", 1): (("مشكلة في البطارية", "البطارية لا تدوم أكثر من ساعتين، وأنتظر رد البائع."),),
    ("laptop", "ckb", 5): (
        ("خێرا و بێدەنگ", "بۆ خوێندن و کار بەکاری دەهێنم، پاترییەکەی بەشی ڕۆژێک دەکات."),
        ("ئامێرێکی نایاب", "بە داخراوی گەیشت و وەک تایبەتمەندییەکانە. شاشەکەی زۆر ڕوونە."),
    ),
    ("laptop", "ckb", 4): (("بۆ ئەم نرخە زۆر باشە", "بۆ کاری ئۆفیس زۆر باشە، دەنگەکەی مامناوەندە."),),
    ("laptop", "ckb", 3): (("مامناوەند", "بۆ ئینتەرنێت و خوێندن بەسە، بۆ یاری نا."),),
    ("laptop", "ckb", 2): (("کەمێک خاوە", "پێویستی بە هاردێکی خێراترە."),),
    ("laptop", "ckb", 1): (("کێشەی پاتری", "پاترییەکەی لە دوو کاتژمێر زیاتر ناخایەنێت، چاوەڕێی فرۆشیارم."),),
    ("laptop", "en", 5): (
        ("Fast and quiet", "I use it for study and work. The battery lasts the day."),
        ("Exactly as described", "Sealed box, clear screen, and the seller answered all my questions."),
    ),
    ("laptop", "en", 4): (("Very good for the price", "Great for office work; the speakers are average."),),
    ("laptop", "en", 3): (("Average", "Enough for browsing and study, not for games."),),
    ("laptop", "en", 2): (
        ("A little slow", "It wants a faster disk. I changed it and it is much better now."),
    ),
    ("laptop", "en", 1): (("Battery trouble", "Lasts two hours at most. Waiting for the seller's answer."),),
}
