# syntax=docker/dockerfile:1
#
# Two images from one file:
#   docker build -t domaingen .                              generates, submits, scores; no torch, no CUDA
#   docker build -t domaingen-train --target train .         the same with the CPU wheels of torch, for training

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
# Dependencies first: they change less often than the code, and their layer is the large one.
COPY pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
      > /tmp/requirements.txt \
    && pip install --requirement /tmp/requirements.txt
COPY README.md LICENSE ./
COPY data ./data
COPY domaingen ./domaingen
COPY producer ./producer
COPY worker ./worker
COPY training ./training
RUN pip install --no-deps .
# An image that lacks a data file must fail here and not at a customer's first row. Not in /src, which has them all.
WORKDIR /
RUN python -c "from domaingen.assets import asset; [asset(name) for name in ('lexicon', 'models', 'moderation', 'encoder', 'names', 'policy.toml')]"

FROM build AS build-train
WORKDIR /src
# The plain wheel of this version brings CUDA on Linux; the one of this index is for CPUs alone.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['train'], sep='\n')" \
      > /tmp/train.txt \
    && pip install --extra-index-url https://download.pytorch.org/whl/cpu --requirement /tmp/train.txt

FROM python:3.11-slim AS runtime
# A fixed number, so that volumes and Kubernetes' runAsNonRoot can rely on it.
RUN groupadd --gid 10001 domaingen \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/domaingen --create-home --shell /usr/sbin/nologin domaingen
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    DOMAINGEN_HOME=/var/lib/domaingen \
    DOMAINGEN_LOG_FORMAT=json
WORKDIR /var/lib/domaingen
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["domaingen"]
CMD ["--help"]

FROM runtime AS train
COPY --from=build-train /opt/venv /opt/venv

# The last stage is what a build without --target makes.
FROM runtime AS domaingen
COPY --from=build /opt/venv /opt/venv
