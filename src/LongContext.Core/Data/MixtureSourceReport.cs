namespace LongContext.Data;

/// <summary>What one source of a mixture has given.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Share">The share asked for, 0 to 1; all sources' shares are 1 together.</param>
/// <param name="Items">Items given.</param>
/// <param name="Tokens">Tokens given, as <see cref="MixtureOptions{T}.Size"/> counts them; 0 where it is unknown.</param>
/// <param name="Passes">Passes that were finished.</param>
/// <param name="Ended">Whether it gives no more.</param>
public sealed record MixtureSourceReport(string Name, double Share, long Items, long Tokens, long Passes, bool Ended);
