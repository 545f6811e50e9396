using LongContext.Generation;
using Microsoft.ML.Tokenizers;

namespace LongContext.Hosting;

/// <summary>The tokens of a request's texts, for who looks at them before the model's client does.</summary>
internal static class RequestTexts
{
    /// <summary>Has each text of a request encoded once, until it is disposed; null where that is so already.</summary>
    public static IDisposable? Begin() => EncodedTexts.Begin();

    /// <summary>Tokens of a text that is a whole prompt, so that the client will want them, too.</summary>
    public static int Count(Tokenizer tokenizer, string text) => EncodedTexts.Of(tokenizer, text).Length;
}
