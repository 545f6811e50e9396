using System.Text;
using LongContext.Checkpoints;
using LongContext.Positions;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>What a model's texts begin with, and how long they may be.</summary>
internal static class ModelText
{
    /// <summary>
    /// The tokens that go before a text: what a Hugging Face tokenizer's file says (none for Qwen2, whose config.json has such a token all the same), else config.json's.
    /// </summary>
    public static IReadOnlyList<int> Beginning(Tokenizer tokenizer, ModelConfig config) =>
        tokenizer is HuggingFaceTokenizer own ? own.Definition.PostProcessor.Before
        : config.BeginningOfSentenceTokenId is { } id ? [id] : [];

    /// <summary>A text's tokens, with what goes before it unless it stands there already; not to be changed.</summary>
    public static int[] Encode(Tokenizer tokenizer, ModelConfig config, string text) => Encode(tokenizer, config, text, out _);

    /// <summary>The same, and how many tokens were put before the text's own.</summary>
    public static int[] Encode(Tokenizer tokenizer, ModelConfig config, string text, out int before)
    {
        IReadOnlyList<int> beginning = Beginning(tokenizer, config);
        int[] ids = EncodedTexts.Of(tokenizer, text);
        bool isThere = beginning.Count > 0 && ids.Take(beginning.Count).SequenceEqual(beginning);
        before = isThere ? 0 : beginning.Count;
        return before == 0 ? ids : [.. beginning, .. ids];
    }

    /// <summary>What tokens spell, special ones by their names: the whole characters, and what is left of one that the last of them only begin.</summary>
    public static (string Text, string Tail) Spell(Tokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        TokenStreamDecoder decoder = tokenizer is HuggingFaceTokenizer own ? new(own, skipSpecialTokens: false) : new(tokenizer);
        var text = new StringBuilder();
        foreach (int id in ids) text.Append(decoder.Add(id));
        return (text.ToString(), decoder.Flush());
    }

    /// <summary>The length that prompt and answer are held to; null for any.</summary>
    /// <exception cref="ArgumentException">It is asked to be longer than the model's window.</exception>
    public static int? ContextLength(ModelConfig config, int? asked, bool allowsBeyond, string optionsName)
    {
        if (allowsBeyond) return null;
        int window = Window(config);
        if (asked > window)
        {
            throw new ArgumentException(
                $"{optionsName}: ContextLength is {asked}, but the model's window has {window} tokens: extend the model (ModelLoadOptions.RopeScaling, CausalLanguageModel.ExtendTo), load it with another " +
                "window (ModelLoadOptions.ContextLength), or allow any length (AllowsBeyondContext).");
        }

        return asked ?? window;
    }

    /// <summary>The window that a model was made for: dynamic NTK counts from the trained one, which is then what config.json states.</summary>
    public static int Window(ModelConfig config) => config.RopeScaling is DynamicNtkRopeScaling { Factor: var factor }
        ? (int)Math.Min(int.MaxValue, Math.Floor(config.MaxPositionEmbeddings * factor))
        : config.MaxPositionEmbeddings;
}
