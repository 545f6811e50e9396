using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace LongContext.Data.Caching;

/// <summary>What decides the tokens in a cache: where any of it differs, it is another cache.</summary>
/// <remarks>
/// The version of the cache's format belongs to it as well. What does not change the tokens (number of threads, size of the files) must not be in it.
/// </remarks>
public sealed class TokenCacheKey
{
    private readonly Lazy<string> name;

    /// <summary>Makes a key.</summary>
    public TokenCacheKey() => name = new(FindName);

    /// <summary>The data, in the order it is read: see <see cref="DataFileIdentity.OfAll"/>. May be empty where <see cref="Settings"/> name the data.</summary>
    public required IReadOnlyList<DataFileIdentity> Files { get; init; }

    /// <summary>The tokenizer: <see cref="Tokenization.HuggingFaceTokenizer.Fingerprint"/>, or what else tells it from others.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>All else that the tokens depend on: columns, format of the conversation, what is masked, filters. Default: empty.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The name of the cache's folder: 32 hexadecimal digits, from SHA-256 over all of it.</summary>
    public string Name => name.Value;

    /// <summary>The key as it stands in the cache.</summary>
    internal JsonObject ToJson() => new()
    {
        ["files"] = new JsonArray([.. Files.Select(file => new JsonObject { ["name"] = file.Name, ["length"] = file.Length, ["stamp"] = file.Stamp })]),
        ["tokenizer"] = Tokenizer,
        ["settings"] = new JsonObject(Settings.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value)))),
    };

    private string FindName()
    {
        string text = TokenCacheManifest.Format + "\n" + ToJson().ToJsonString();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
