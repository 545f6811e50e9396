namespace LongContext.Data.Caching;

/// <summary>What a cache's manifest says of a file of tokens.</summary>
/// <param name="File">Its name.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sequences">Sequences in it, at least 1.</param>
/// <param name="Tokens">Tokens in them.</param>
/// <param name="TokenChecksum">XXH128 of the tokens' bytes.</param>
/// <param name="IndexChecksum">XXH128 of all that follows them.</param>
internal sealed record TokenShardInfo(string File, long Bytes, long Sequences, long Tokens, string TokenChecksum, string IndexChecksum);
