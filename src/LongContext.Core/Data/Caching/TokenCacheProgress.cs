namespace LongContext.Data.Caching;

/// <summary>How far building a cache is.</summary>
/// <param name="Sequences">Sequences written.</param>
/// <param name="Tokens">Tokens in them.</param>
/// <param name="Skipped">Items for which the encoder gave nothing.</param>
/// <param name="IsWaiting">Whether another process builds this cache and this one waits for it.</param>
public readonly record struct TokenCacheProgress(long Sequences, long Tokens, long Skipped, bool IsWaiting);
