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

    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    public required TokenizerComponents Components { get; init; }

    /// <summary>The text of every id.</summary>
    public required string[] Tokens { get; init; }

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
        AddedToken[] added = root.Optional("added_tokens") is { } a ? [.. a.Items().Select(AddedToken.Read)] : [];
        string[] tokens = AllTokens(root, model.Vocabulary, added);
        return new TokenizerDefinition
        {
            Normalizer = normalizer,
            PreTokenizer = preTokenizer,
            Model = model,
            PostProcessor = ReadPostProcessor(root, tokens.Length),
            Decoder = decoder,
            AddedTokens = added,
            Components = TokenizerComponents.Read(root),
            Tokens = tokens,
        };
    }

    private static TemplatePostProcessor ReadPostProcessor(JsonField root, int tokenCount)
    {
        if (root.Optional("post_processor") is not { } field) return TemplatePostProcessor.Nothing;
        TemplatePostProcessor processor = TemplatePostProcessor.Read(field);
        foreach (int id in processor.Before.Concat(processor.After))
        {
            if (id >= tokenCount) throw field.Fault($"the special token id {id} is outside the vocabulary of {tokenCount} tokens");
        }

        return processor;
    }

    /// <summary>Model and added tokens by id; every id from 0 on has exactly one token.</summary>
    private static string[] AllTokens(JsonField root, Vocabulary vocabulary, AddedToken[] added)
    {
        JsonField where = root.Optional("added_tokens") ?? root;
        var newTokens = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (AddedToken token in added)
        {
            bool known = vocabulary.TryGetId(token.Content, out int id) || newTokens.TryGetValue(token.Content, out id);
            if (known && id != token.Id)
                throw where.Fault($"the token \"{token.Content}\" has the id {token.Id}, but it stands with the id {id} already");
            if (!known) newTokens.Add(token.Content, token.Id);
        }

        var tokens = new string?[vocabulary.Ids.Count + newTokens.Count];
        foreach ((string token, int id) in vocabulary.Ids.Concat(newTokens))
        {
            if (id >= tokens.Length)
                throw where.Fault($"the token \"{token}\" has the id {id}, but {tokens.Length} tokens have the ids 0 to {tokens.Length - 1}, without a hole");
            if (tokens[id] is { } other) throw where.Fault($"the tokens \"{other}\" and \"{token}\" have the same id {id}");
            tokens[id] = token;
        }

        return tokens!;
    }
}
