using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.ML.Tokenizers;

namespace LongContext.Hosting.Support;

/// <summary>Counts how often each text is encoded.</summary>
internal sealed class CountingTokenizer(Tokenizer inner) : Tokenizer
{
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>Times that a text was encoded.</summary>
    public int Of(string text) => counts.GetValueOrDefault(text);

    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) => inner.Decode(ids, destination, out idsConsumed, out charsWritten);

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        string whole = text ?? textSpan.ToString();
        counts.AddOrUpdate(whole, 1, static (_, count) => count + 1);
        return new EncodeResults<EncodedToken> { Tokens = inner.EncodeToTokens(whole, out _), CharsConsumed = whole.Length };
    }
}
