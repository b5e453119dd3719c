"""gunicorn for a server of its own, behind nginx. The demo starts one too: see marketplace/serving.py."""

import multiprocessing

wsgi_app = "marketplace.wsgi:application"
bind = "unix:/run/nuqta/web.sock"
worker_class = "gthread"
workers = multiprocessing.cpu_count() + 1
# Each thread holds a connection to PostgreSQL: workers x threads must stay below its max_connections.
threads = 4
timeout = 30
graceful_timeout = 25
max_requests = 5000
max_requests_jitter = 500
# Without REDIS_URL each worker drains the outbox in a thread of its own, which a fork would lose.
preload_app = False
# Only nginx talks to this socket, and it sets these headers itself.
forwarded_allow_ips = "*"
control_socket_disable = True
errorlog = "-"
