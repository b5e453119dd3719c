from celery import shared_task

from marketplace.outbox import services


@shared_task(ignore_result=True)
def drain_outbox() -> None:
    services.drain()


@shared_task(ignore_result=True)
def forget_done_messages() -> None:
    services.forget_done()
