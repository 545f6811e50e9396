using System.Collections.Concurrent;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>
/// The tokens of one request's texts, so that each text is encoded once, however often it is looked at: for the bounds of who takes the request, for whether it fits, and for each of its answers. Long ones take a while.
/// </summary>
/// <remarks>It goes with the caller's context and not with the options: clients between may keep those, or send them on.</remarks>
internal sealed class EncodedTexts : IDisposable
{
    private static readonly AsyncLocal<EncodedTexts?> Ambient = new();
    private readonly ConcurrentDictionary<(Tokenizer Tokenizer, string Text), Lazy<int[]>> texts = [];
    private volatile bool ended;

    private EncodedTexts()
    {
    }

    /// <summary>Begins to keep what is encoded here and in what is called from here, until it is disposed.</summary>
    /// <returns>Null where it is kept already.</returns>
    public static EncodedTexts? Begin()
    {
        // What is started on a request's way, and stays, may have an earlier request's context.
        if (Ambient.Value is { ended: false }) return null;
        return Ambient.Value = new EncodedTexts();
    }

    /// <summary>A text's tokens; not to be changed.</summary>
    public static int[] Of(Tokenizer tokenizer, string text) =>
        Ambient.Value is { ended: false } kept ? kept.texts.GetOrAdd((tokenizer, text), static key => new Lazy<int[]>(() => Encode(key.Tokenizer, key.Text))).Value : Encode(tokenizer, text);

    /// <inheritdoc />
    public void Dispose()
    {
        ended = true;
        texts.Clear();
    }

    private static int[] Encode(Tokenizer tokenizer, string text) => tokenizer.EncodeToIds(text) is var ids && ids is int[] array ? array : [.. ids];
}
