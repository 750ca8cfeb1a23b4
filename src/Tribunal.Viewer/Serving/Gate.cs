using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Tribunal.Viewer.Serving;

/// <summary>
/// Who may ask: a browser on this machine that was given the address with the token. A page of another site, or a name that is bound
/// anew to this machine, gets nothing, and what is answered loads nothing from elsewhere and runs no script but the viewer's own.
/// </summary>
internal sealed class Gate(string token)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify";

    private readonly byte[] _expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>A token that nobody guesses.</summary>
    public static string NewToken() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    public void Guard(WebApplication application) => application.Use(async (context, next) =>
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        headers.CacheControl = "no-store";
        if (WhyNotFromHere(context.Request) is { } why)
        {
            await SayAsync(context, StatusCodes.Status403Forbidden, why);
            return;
        }

        string cookie = $"tribunal-view-{context.Request.Host.Port ?? 80}";
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Path == "/" && context.Request.Query["token"].ToString() is { Length: > 0 } given)
        {
            if (!Knows(given))
            {
                await SayAsync(context, StatusCodes.Status401Unauthorized, "This address is of a viewer that has ended: open the one that tribunal view printed.");
                return;
            }

            // The token leaves the address, and with it the history and what is copied from there.
            context.Response.Cookies.Append(cookie, given, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true });
            context.Response.Redirect("/");
            return;
        }

        if (!Knows(context.Request.Cookies[cookie]) && !Knows(context.Request.Headers["X-Tribunal-Token"]))
        {
            await SayAsync(context, StatusCodes.Status401Unauthorized, "Open the address that tribunal view printed: it has a token, and this request has none.");
            return;
        }

        if (HttpMethods.IsPost(context.Request.Method) && !context.Request.HasJsonContentType())
        {
            await SayAsync(context, StatusCodes.Status415UnsupportedMediaType, "What is sent is JSON.");
            return;
        }

        await next(context);
    });

    /// <summary>Why a request can't be one of the viewer's own pages or of a program on this machine; null where it can.</summary>
    private static string? WhyNotFromHere(HttpRequest request)
    {
        if (!IsLocal(request.Host.Host))
        {
            return "The viewer listens on this machine alone, and the request's Host is another one.";
        }

        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && origin != $"{request.Scheme}://{request.Host.Value}")
        {
            return "The request comes from a page of another origin.";
        }

        // A link to the page may be followed from anywhere, as the token is a secret; all else is the page's own.
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is "" or "same-origin" or "none" || (HttpMethods.IsGet(request.Method) && request.Path == "/") ? null : "The request comes from a page of another site.";
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    // Of fixed length, so that the time taken tells nothing of the token.
    private bool Knows(string? given) => given is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), _expected);

    private static async Task SayAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(why + "\n", context.RequestAborted);
    }
}
