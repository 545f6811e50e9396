using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using LongContext.AspNetCore.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Whether a request may be made: by its key and how often that was used, or by where it comes from.</summary>
internal sealed class AccessControl : IDisposable
{
    /// <summary>One for each of the shortest times there are.</summary>
    public const int MostRequestsPerMinute = (int)TimeSpan.TicksPerMinute;

    private const string Scheme = "Bearer ";
    private static readonly string[] ForwardingHeaders = ["X-Forwarded-For", "Forwarded", "X-Real-IP"];
    private readonly ApiKey[] keys;
    private readonly PartitionedRateLimiter<string>? rates;

    public AccessControl(IOptions<OpenAIServerOptions> options)
    {
        keys = [.. options.Value.ApiKeys.Select(pair => ApiKey.Of(pair.Key, pair.Value))];
        if (options.Value.RequestsPerMinute is not { } rate) return;
        rates = PartitionedRateLimiter.Create<string, string>(holder => RateLimitPartition.GetTokenBucketLimiter(holder, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = rate,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) / rate,
            QueueLimit = 0,
        }));
    }

    /// <summary>Whether keys are asked for.</summary>
    public bool NeedsKeys => keys.Length > 0;

    /// <returns>Who holds the key; empty where there are no keys.</returns>
    /// <exception cref="ProtocolException">The request may not be made, or not now.</exception>
    public string Check(HttpContext context)
    {
        string holder = Caller(context);
        if (rates is null) return holder;
        using RateLimitLease lease = rates.AttemptAcquire(holder);
        if (lease.IsAcquired) return holder;
        TimeSpan wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan given) ? given : TimeSpan.FromSeconds(1);
        throw ProtocolException.TooMany("More requests in a minute than may be: try again later.", "rate_limit_exceeded", wait);
    }

    /// <summary>Whether the caller is one of those who may ask; counts as no request.</summary>
    public bool Accepts(HttpContext context)
    {
        try
        {
            Caller(context);
            return true;
        }
        catch (ProtocolException)
        {
            return false;
        }
    }

    public void Dispose() => rates?.Dispose();

    private string Caller(HttpContext context)
    {
        if (NeedsKeys) return Holder(context.Request.Headers.Authorization);
        RequireThisMachine(context);
        return "";
    }

    private string Holder(Microsoft.Extensions.Primitives.StringValues authorization)
    {
        if (authorization.Count != 1 || authorization[0] is not { } header || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw ProtocolException.Unauthorized("A key is needed: send it as \"Authorization: Bearer KEY\".");
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim()), hash);
        // All are looked at, each in the same time: how long it takes says nothing about any.
        string? found = null;
        foreach (ApiKey key in keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, key.Hash)) found = key.Holder;
        }

        return found ?? throw ProtocolException.Unauthorized("The key is not one that may ask.");
    }

    /// <summary>
    /// Without keys, only programs of this machine may ask. A page in its browser is none of them: it cannot send JSON to another origin without being allowed to, and a name of its own that it lets
    /// point here (DNS rebinding) stands in the Host header. Behind a proxy on this machine everybody comes from it, so what a proxy says of its callers is refused.
    /// </summary>
    private static void RequireThisMachine(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } from && !IPAddress.IsLoopback(from)) throw ProtocolException.Forbidden("Without API keys only this machine may ask.");
        foreach (string header in ForwardingHeaders)
        {
            if (context.Request.Headers.ContainsKey(header))
                throw ProtocolException.Forbidden($"The request came through a proxy (it has {header}), behind which any machine may be: without API keys only this machine may ask. Give the server keys.");
        }

        string host = context.Request.Host.Host;
        if (host.Length > 0 && !IsThisMachine(host)) throw ProtocolException.Forbidden($"Without API keys the server answers to localhost only, not to \"{Shown(host)}\".");
    }

    /// <summary>Whether a host's name or address can only be this machine.</summary>
    public static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static string Shown(string host) => host.Length > 100 ? host[..100] + "…" : host;

    /// <summary>Seconds, rounded up.</summary>
    public static string RetryAfter(TimeSpan wait) => ((int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, 3600)).ToString(CultureInfo.InvariantCulture);
}
