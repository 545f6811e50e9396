using LongContext.AspNetCore.Protocol;
using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>Log-probabilities of prompts: an answer holds them from when it is made until it has been read.</summary>
internal sealed class LogprobBudget(IOptions<OpenAIServerOptions> options) : Budget(options.Value.MaximumPromptLogprobsTogether)
{
    /// <summary>Takes as many, until what is given back is disposed.</summary>
    /// <exception cref="ProtocolException">There is no room for as many now.</exception>
    public Share Take(long count) => TryTake(count) ? new Share(this, count)
        : throw ProtocolException.Unavailable("The server holds as many log-probabilities of prompts as it may: try again later, or ask for fewer.", TimeSpan.FromSeconds(1));

    /// <summary>What one request holds.</summary>
    public readonly struct Share(LogprobBudget budget, long count) : IDisposable
    {
        public void Dispose() => budget.Return(count);
    }
}
