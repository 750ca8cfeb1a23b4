# The tool as native code: the queue worker and the reward server, or any other command. No shell, no package manager, not root.
#   docker build -t tribunal . && docker run --rm -v "$PWD:/data" -w /data tribunal score samples/rollouts.jsonl -o out
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
# The native compiler's linker.
RUN apt-get update && apt-get install -y --no-install-recommends clang zlib1g-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN dotnet publish src/Tribunal.Cli -c Release -r "linux-$([ "$(uname -m)" = aarch64 ] && echo arm64 || echo x64)" -o /app && rm -f /app/*.dbg

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled-extra
COPY --from=build /app /app
COPY LICENSE /licenses/
# Where the reward server keeps what it judged, unless told otherwise.
WORKDIR /tmp
USER $APP_UID
# Signs of life for hosts without probes of their own; Container Apps ask /healthz. It says whether the storage that the
# environment names can be used.
HEALTHCHECK --interval=5m --timeout=60s --start-period=30s CMD ["/app/Tribunal.Cli", "doctor", "--output", "/tmp"]
ENTRYPOINT ["/app/Tribunal.Cli"]
CMD ["--help"]
