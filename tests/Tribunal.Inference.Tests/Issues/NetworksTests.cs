using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;
using static Tribunal.Inference.Tests.OneQuestion;

namespace Tribunal.Inference.Tests.Issues;

/// <summary>Reported of what lies between: proxies that compress badly, login pages, TLS on one side only, certificates.</summary>
public sealed class NetworksTests
{
    [Theory]
    [InlineData("gzip", false), InlineData("gzip", true), InlineData("deflate", false), InlineData("br", false)]
    public async Task An_answer_that_is_not_compressed_as_it_says_is_asked_for_again(string encoding, bool cut)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) =>
        {
            if (n > 0)
            {
                return c.Complete(false, """{"content":"x"}""");
            }

            c.Response.Headers.ContentEncoding = encoding;
            return c.Response.Body.WriteAsync(cut ? new byte[] { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xAB } : Encoding.UTF8.GetBytes("""{"choices":[{"message":{"content":"y"}}]}""")).AsTask();
        });
        JudgeReply reply = await AskAsync(endpoint);
        Assert.Equal(("x", 2, 1), (reply.Text, reply.Tries.Requests, reply.Tries.Malformed));
    }

    [Theory]
    [InlineData(200, "\n<!-- gate --><!DOCTYPE html><html><head><title>Sign in</title></head></html>", JudgeFault.Rejected, "was expected (most servers have it at ADDRESS/v1): \"Sign in\"")]
    [InlineData(502, "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\"><html><head><title>502 Proxy Error</title></head></html>", JudgeFault.Overloaded, "HTTP 502: a web page (\"502 Proxy Error\")")]
    [InlineData(413, "<html><head><title>413 Request Entity Too Large</title></head></html>", JudgeFault.RequestRefused, "HTTP 413: a web page (\"413 Request Entity Too Large\")")]
    [InlineData(400, "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>", JudgeFault.Rejected, "plain HTTP request was sent to HTTPS port")]
    [InlineData(400, "Client sent an HTTP request to an HTTPS server.\n", JudgeFault.Rejected, "HTTP request to an HTTPS server")]
    public async Task What_a_gate_says_is_told_from_what_a_judge_says(int status, string body, JudgeFault fault, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json(body, status));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint));
        Assert.Equal(fault, exception.Fault);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://login.example/v1?state=secret#x", "(https://login.example/v1)")]
    [InlineData("/elsewhere/v1?state=secret", "(/elsewhere/v1)")]
    [InlineData(null, "final address")]
    public async Task A_redirection_says_where_to_in_answers_and_in_health(string? location, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
        {
            c.Response.Headers.Location = location;
            return c.Json("", 307);
        });
        string answer = (await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint))).Message;
        using JudgeFactory factory = Factory();
        string health = (await factory.Create(Options(endpoint, stream: false)).CheckHealthAsync(TestContext.Current.CancellationToken)).Detail;
        foreach (string said in (string[])[answer, health])
        {
            Assert.Contains(words, said, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
            Assert.DoesNotContain("file:", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("127.0.0.1", 1, "is not trusted here: add the authority that signed it")]
    [InlineData("gpu.example", 1, "is another host's, and is not trusted here: give the address with the name that the certificate has")]
    [InlineData("127.0.0.1", -1, "has expired")]
    public async Task A_certificate_says_what_is_wrong_with_it(string host, int years, string words)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=judge", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddYears(-2), now.AddYears(years));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        await using WebApplication app = builder.Build();
        app.Run(static c => c.Json("{}"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        JudgeHealth health = await HealthAsync(new Uri(new Uri(app.Urls.First()), "v1"));
        Assert.False(health.Ready);
        Assert.Contains(words, health.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TLS_to_a_server_that_speaks_none_is_told_to_go_without()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("{}"));
        JudgeHealth health = await HealthAsync(new UriBuilder(endpoint.V1) { Scheme = "https" }.Uri);
        Assert.Contains("give its address with http://", health.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_ends_at_once_may_want_TLS()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c =>
        {
            c.Reset();
            return Task.CompletedTask;
        });
        Assert.Contains("if it speaks TLS, give its address with https://", (await HealthAsync(endpoint.V1)).Detail, StringComparison.Ordinal);
    }

    private static async Task<JudgeHealth> HealthAsync(Uri address)
    {
        using JudgeFactory factory = Factory();
        return await factory.Create(new JudgeEndpointOptions { Name = "judge", Endpoint = address, Model = "m" }).CheckHealthAsync(TestContext.Current.CancellationToken);
    }
}
