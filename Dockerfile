# The tool on the .NET runtime: the queue worker and the reward server, or any other command. No shell, no package manager, not root.
# On the runtime, because the worker's engine is not for native code; compiled beforehand, so that a start costs little.
#   docker build -t tribunal . && docker run --rm -v "$PWD:/data" -w /data tribunal score samples/rollouts.jsonl -o out
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/Tribunal.Cli -c Release -r "linux-$([ "$(uname -m)" = aarch64 ] && echo arm64 || echo x64)" \
    -p:PublishAot=false -p:PublishReadyToRun=true --self-contained false -o /app && rm -f /app/*.pdb

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
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
