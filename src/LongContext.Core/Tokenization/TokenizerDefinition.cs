using System.Text.Json;
using LongContext.Tokenization.Decoders;
using LongContext.Tokenization.Models;
using LongContext.Tokenization.Normalizers;
using LongContext.Tokenization.PostProcessors;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization;

/// <summary>The parts that tokenizer.json names, put together and checked against each other.</summary>
internal sealed class TokenizerDefinition
{
    public required TextNormalizer? Normalizer { get; init; }

    public required TextPreTokenizer? PreTokenizer { get; init; }

    public required TokenModel Model { get; init; }

    public required TemplatePostProcessor PostProcessor { get; init; }

    public required TokenDecoder? Decoder { get; init; }

    /// <summary>Each with another content.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>What the normalizer is made of, sequences taken apart.</summary>
    public IReadOnlyList<TextNormalizer> NormalizerSteps => Normalizer is null ? [] : [.. Normalizer.Steps];

    /// <summary>What the pre-tokenizer is made of, sequences taken apart.</summary>
    public IReadOnlyList<TextPreTokenizer> PreTokenizerSteps => PreTokenizer is null ? [] : [.. PreTokenizer.Steps];

    /// <summary>The text of every id; null where an id is not used.</summary>
    public required string?[] Tokens { get; init; }

    /// <summary>The score of every id, where the file has scores.</summary>
    public float[]? Scores { get; init; }

    /// <summary>What the vocabulary itself says of its special tokens; tokenizer_config.json may say otherwise.</summary>
    public SpecialTokenNames Names { get; init; } = SpecialTokenNames.None;

    /// <param name="file">The name that complaints give.</param>
    /// <param name="utf8">The file's bytes.</param>
    public static TokenizerDefinition Read(string file, ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonField.Parse(file, utf8);
        var root = new JsonField(file, "", document.RootElement);
        TextNormalizer? normalizer = root.Optional("normalizer") is { } n ? TextNormalizer.Read(n) : null;
        TextPreTokenizer? preTokenizer = root.Optional("pre_tokenizer") is { } p ? TextPreTokenizer.Read(p) : null;
        TokenDecoder? decoder = root.Optional("decoder") is { } d ? TokenDecoder.Read(d) : null;
        TokenModel model = TokenModel.Read(root.Required("model"));
        AddedToken[] added = root.Optional("added_tokens") is { } a ? [.. a.Items().Select(item => AddedToken.Read(item))] : [];
        string?[] tokens = TokenTable.Build(model.Vocabulary, added, (root.Optional("added_tokens") ?? root).Fault);
        return new TokenizerDefinition
        {
            Normalizer = normalizer,
            PreTokenizer = preTokenizer,
            Model = model,
            PostProcessor = ReadPostProcessor(root, tokens),
            Decoder = decoder,
            // What is said last of a token holds.
            AddedTokens = [.. added.Reverse().DistinctBy(token => token.Content).Reverse()],
            Tokens = tokens,
        };
    }

    private static TemplatePostProcessor ReadPostProcessor(JsonField root, string?[] tokens)
    {
        if (root.Optional("post_processor") is not { } field) return TemplatePostProcessor.Nothing;
        TemplatePostProcessor processor = TemplatePostProcessor.Read(field);
        foreach (int id in processor.Before.Concat(processor.After))
        {
            if (id >= tokens.Length || tokens[id] is null)
                throw field.Fault($"the special token id {id} is outside the vocabulary of {tokens.Length} tokens");
        }

        return processor;
    }
}
