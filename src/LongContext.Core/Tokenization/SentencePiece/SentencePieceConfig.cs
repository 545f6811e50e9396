using System.Globalization;
using System.Text.Json;

namespace LongContext.Tokenization.SentencePiece;

/// <summary>What tokenizer_config.json and added_tokens.json say about a folder whose vocabulary is a tokenizer.model.</summary>
internal sealed class SentencePieceConfig
{
    private static readonly string[] s_roles = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"];
    private readonly SortedDictionary<int, AddedToken> _added = [];

    /// <summary>Whether the beginning-of-sentence token goes in front; null where the file does not say.</summary>
    public bool? AddsBeginning { get; private set; }

    /// <summary>Whether the end-of-sentence token goes behind.</summary>
    public bool AddsEnd { get; private set; }

    /// <summary>Whether a blank goes in front of a text; null where the file does not say, and the model decides.</summary>
    public bool? AddsPrefixSpace { get; private set; }

    /// <summary>
    /// Whether that blank goes in front of every piece of text between special tokens, as transformers did at first, rather
    /// than of the text's start alone.
    /// </summary>
    public bool IsLegacy { get; private set; } = true;

    /// <summary>Tokens that the files add to the model's pieces or say more about, by their ids.</summary>
    public IEnumerable<AddedToken> AddedTokens => _added.Values;

    /// <param name="configFile">The name of tokenizer_config.json that complaints give.</param>
    /// <param name="config">Its bytes, or null where there is none.</param>
    /// <param name="addedFile">The name of added_tokens.json.</param>
    /// <param name="added">Its bytes, or null where there is none.</param>
    public static SentencePieceConfig Read(string configFile, byte[]? config, string addedFile, byte[]? added)
    {
        var read = new SentencePieceConfig();
        using JsonDocument? document = config is null ? null : JsonField.Parse(configFile, config);
        JsonField? root = document is null ? null : new JsonField(configFile, "", document.RootElement);
        HashSet<string> special = root is { } r ? SpecialContents(r) : [];
        if (added is not null) read.ReadAdded(addedFile, added, special);
        if (root is { } field) read.ReadConfig(field);
        return read;
    }

    private void ReadConfig(JsonField root)
    {
        AddsBeginning = root.Optional("add_bos_token")?.Flag();
        AddsEnd = root.Flag("add_eos_token");
        AddsPrefixSpace = root.Optional("add_prefix_space")?.Flag();
        IsLegacy = root.Optional("legacy")?.Flag() ?? true;
        if (root.Optional("added_tokens_decoder") is not { } tokens) return;
        foreach ((string name, JsonField field) in tokens.Members())
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                throw tokens.Fault($"expected an id, found \"{name}\"");
            _added[id] = AddedToken.Read(field, id);
        }
    }

    /// <summary>The older file: contents and ids only.</summary>
    private void ReadAdded(string file, byte[] utf8, HashSet<string> special)
    {
        using JsonDocument document = JsonField.Parse(file, utf8);
        foreach ((string content, JsonField id) in new JsonField(file, "", document.RootElement).Members())
        {
            bool isSpecial = special.Contains(content);
            if (content.Length == 0) throw id.Fault("an added token is an empty string");
            _added[id.Integer()] = new AddedToken(id.Integer(), content) { Special = isSpecial, Normalized = !isSpecial };
        }
    }

    private static HashSet<string> SpecialContents(JsonField root)
    {
        IEnumerable<JsonField> named = s_roles.Select(root.Optional).OfType<JsonField>();
        if (root.Optional("additional_special_tokens") is { } more) named = named.Concat(more.Items());
        return [.. named.Select(field => field.Value.ValueKind == JsonValueKind.Object ? field.Required("content").Text() : field.Text())];
    }
}
