using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Bytes that the bodies of all requests on their way may hold together.</summary>
internal sealed class BodyBudget(IOptions<OpenAIServerOptions> options)
{
    private readonly long most = options.Value.MaximumBodyBytesTogether;
    private long taken;

    /// <summary>Bytes held now.</summary>
    public long Taken => Interlocked.Read(ref taken);

    /// <summary>Takes bytes if there are as many.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref taken, bytes) <= most) return true;
        Interlocked.Add(ref taken, -bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref taken, -bytes);
}
