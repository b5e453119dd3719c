"""Pages under ``/staff/`` of who issues cards, adds points and watches over the books."""

from django.urls import path

from points_payment.staff import approvals, cards, cash, ledger, operators, topup_requests, topups

app_name = "points_staff"

urlpatterns = [
    path("cards/", cards.batches, name="batches"),
    path("cards/new/", cards.draft, name="draft"),
    path("cards/find/", cards.find_card, name="find-card"),
    path("cards/<int:pk>/", cards.batch, name="batch"),
    path("cards/<int:pk>/approve/", cards.approve, name="approve"),
    path("cards/<int:pk>/codes/", cards.download_codes, name="codes"),
    path("cards/<int:pk>/activate/", cards.activate, name="activate"),
    path("cards/<int:pk>/freeze/", cards.freeze, name="freeze"),
    path("cards/<int:pk>/unfreeze/", cards.unfreeze, name="unfreeze"),
    path("cards/<int:pk>/void/", cards.void, name="void"),
    path("top-up/", topups.desk, name="top-up"),
    path("top-up/check/", topups.check, name="top-up-check"),
    path("top-up/add/", topups.add, name="top-up-add"),
    path("top-up/send-code/", topups.send_code, name="top-up-send-code"),
    path("top-up/check-code/", topups.verify_by_code, name="top-up-code"),
    path("top-up/check-answers/", topups.verify_by_answers, name="top-up-answers"),
    path("top-up/<int:pk>/reverse/", topups.reverse_one, name="top-up-reverse"),
    path("top-ups/requests/", topup_requests.queue, name="requests"),
    path("top-ups/requests/<int:pk>/take/", topup_requests.take, name="request-take"),
    path("top-ups/requests/<int:pk>/put-back/", topup_requests.put_back, name="request-put-back"),
    path("top-ups/requests/<int:pk>/decline/", topup_requests.decline, name="request-decline"),
    path("top-ups/approvals/", approvals.waiting_top_ups, name="approvals"),
    path("top-ups/approvals/<int:pk>/approve/", approvals.approve, name="approval-approve"),
    path("top-ups/approvals/<int:pk>/refuse/", approvals.refuse, name="approval-refuse"),
    path("top-ups/approvals/<int:pk>/withdraw/", approvals.withdraw, name="approval-withdraw"),
    path("top-ups/drawer/", cash.drawer, name="drawer"),
    path("top-ups/drawer/hand-in/", cash.hand_in_drawer, name="drawer-hand-in"),
    path("top-ups/drawer/begin/", cash.begin_shift, name="shift-begin"),
    path("top-ups/drawer/end/", cash.end_shift, name="shift-end"),
    path("top-ups/hand-ins/", approvals.waiting_cash, name="hand-ins"),
    path("top-ups/hand-ins/<int:pk>/confirm/", approvals.confirm_cash, name="hand-in-confirm"),
    path("top-ups/hand-ins/<int:pk>/refuse/", approvals.refuse_cash, name="hand-in-refuse"),
    path("top-ups/hand-ins/<int:pk>/withdraw/", approvals.withdraw_cash, name="hand-in-withdraw"),
    path("top-ups/operators/", operators.operators, name="operators"),
    path("top-ups/operators/<int:pk>/", operators.operator, name="operator"),
    path("top-ups/operators/<int:pk>/limits/", operators.set_limits, name="operator-limits"),
    path("top-ups/reports/<int:pk>/", operators.report, name="cash-report"),
    path("top-ups/reports/<int:pk>/cash.csv", operators.report_csv, name="cash-report-csv"),
    path("top-ups/reports/<int:pk>/cash.pdf", operators.report_as_pdf, name="cash-report-pdf"),
    path("collections/", cash.collections, name="collections"),
    path("collections/hand-in/", cash.hand_in_collections, name="collections-hand-in"),
    path("ledger/", ledger.overview, name="ledger"),
    path("ledger/accounts/", ledger.accounts, name="accounts"),
    path("ledger/prove/", ledger.run_proof, name="prove"),
]
