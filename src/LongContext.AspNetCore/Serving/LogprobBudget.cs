using LongContext.AspNetCore.Protocol;

namespace LongContext.AspNetCore.Serving;

/// <summary>Log-probabilities: a request holds them from when its answer is made until it has been read.</summary>
/// <param name="most">How many.</param>
/// <param name="whose">Of what.</param>
internal abstract class LogprobBudget(long most, string whose) : Budget(most)
{
    /// <summary>Takes as many, until what is given back is disposed.</summary>
    /// <exception cref="ProtocolException">There is no room for as many now.</exception>
    public Share Take(long count) => TryTake(count) ? new Share(this, count)
        : throw ProtocolException.Unavailable($"The server holds as many log-probabilities of {whose} as it may: try again later, or ask for fewer.", TimeSpan.FromSeconds(1));

    /// <summary>What one request holds.</summary>
    public readonly struct Share(LogprobBudget budget, long count) : IDisposable
    {
        public void Dispose() => budget.Return(count);
    }
}
