using System.Security.Cryptography;
using System.Text;
using LongContext.Checkpoints;
using LongContext.Tokenization.SentencePiece;

namespace LongContext.Tokenization;

/// <summary>The files of a tokenizer, kept as they are so that they can be written again.</summary>
internal sealed class TokenizerFiles
{
    private const string JsonName = "tokenizer.json";
    private const string ModelName = "tokenizer.model";
    private const string ConfigName = "tokenizer_config.json";
    private const string AddedName = "added_tokens.json";

    private readonly string _folder;
    private readonly Dictionary<string, byte[]> _contents;

    private TokenizerFiles(string folder, Dictionary<string, byte[]> contents)
    {
        _folder = folder;
        _contents = contents;
    }

    /// <summary>The file that complaints about the vocabulary name.</summary>
    public string VocabularyPath => PathOf(_contents.ContainsKey(JsonName) ? JsonName : ModelName);

    /// <exception cref="FileNotFoundException">The folder has no vocabulary.</exception>
    public static TokenizerFiles Load(string folder)
    {
        string? vocabulary = new[] { JsonName, ModelName }.FirstOrDefault(name => File.Exists(Path.Combine(folder, name)));
        if (vocabulary is null) throw new FileNotFoundException($"{folder} has neither {JsonName} nor {ModelName}.", Path.Combine(folder, JsonName));

        string[] names = vocabulary == JsonName ? [JsonName, ConfigName] : [ModelName, ConfigName, AddedName];
        return new TokenizerFiles(
            folder,
            names.Where(name => File.Exists(Path.Combine(folder, name))).ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(folder, name))));
    }

    /// <summary>Of a tokenizer made in memory.</summary>
    public static TokenizerFiles OfJson(byte[] tokenizer, byte[] config) => new("", new() { [JsonName] = tokenizer, [ConfigName] = config });

    public TokenizerDefinition ReadDefinition()
    {
        if (_contents.TryGetValue(JsonName, out byte[]? json)) return TokenizerDefinition.Read(PathOf(JsonName), json);
        string file = PathOf(ModelName);
        SentencePieceModel model = SentencePieceModel.Read(file, _contents[ModelName]);
        SentencePieceConfig config = SentencePieceConfig.Read(
            PathOf(ConfigName), _contents.GetValueOrDefault(ConfigName), PathOf(AddedName), _contents.GetValueOrDefault(AddedName));
        return SentencePieceDefinition.Build(file, model, config);
    }

    public SpecialTokenNames ReadNames(Func<string, bool> isToken) =>
        SpecialTokenNames.Read(PathOf(ConfigName), _contents.GetValueOrDefault(ConfigName), isToken);

    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] content) in _contents) AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(content));
    }

    /// <summary>A hash over the files' names and contents.</summary>
    public string FindFingerprint()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, byte[] content) in _contents.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n{content.Length}\n"));
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string PathOf(string name) => _folder.Length == 0 ? name : Path.Combine(_folder, name);
}
