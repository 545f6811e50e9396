using System.IO.Hashing;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;

namespace LongContext.Data.Caching;

/// <summary>
/// The file <c>cache.json</c>: the key, what is in the files of tokens, and checksums, its own among them. It says nothing of who wrote it or
/// when, so the same data gives the same bytes.
/// </summary>
/// <param name="Key">The key, as <see cref="TokenCacheKey.ToJson"/> gives it.</param>
/// <param name="Shards">The files of tokens, in order.</param>
/// <param name="Skipped">Items for which the encoder gave nothing.</param>
internal sealed record TokenCacheManifest(JsonObject Key, IReadOnlyList<TokenShardInfo> Shards, long Skipped)
{
    public const string FileName = "cache.json", Format = "longcontext.token-cache.1";
    private const string FormatField = "format", KeyField = "key", ShardsField = "shards", SkippedField = "skipped", ChecksumField = "checksum";
    private const int MostBytes = 1 << 28;

    /// <summary>Stands for the whole content: the checksums of all files are part of it.</summary>
    public string Checksum => Hash(ToJson());

    public void Save(string folder)
    {
        JsonObject json = ToJson();
        json[ChecksumField] = Hash(json);
        AtomicFile.WriteAllText(Path.Combine(folder, FileName), CheckpointJson.ToText(json));
    }

    /// <exception cref="DataFormatException">It is not there, damaged, or of another format.</exception>
    public static TokenCacheManifest Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new DataFormatException(path, null, "there is no such file, so the folder is no whole cache of tokens");
        try
        {
            JsonObject json = CheckpointJson.ReadObject(path, MostBytes);
            string format = Text(json, FormatField);
            if (format != Format) throw new DataFormatException(path, null, $"its format is '{Shorten(format)}', expected '{Format}'");
            string checksum = Text(json, ChecksumField);
            json.Remove(ChecksumField);
            if (Hash(json) != checksum) throw new DataFormatException(path, null, "its checksum is not that of its content: it was damaged or changed");
            TokenShardInfo[] shards =
            [
                .. json[ShardsField]!.AsArray().Select(shard => new TokenShardInfo(
                    Text(shard!, "file"), Number(shard!, "bytes"), Number(shard!, "sequences"), Number(shard!, "tokens"), Text(shard!, "token-checksum"), Text(shard!, "index-checksum"))),
            ];
            for (int i = 0; i < shards.Length; i++)
            {
                // Names are not for the file to choose: they could lead out of the folder.
                if (shards[i].Sequences == 0) throw new DataFormatException(path, null, $"file {i} of tokens has no sequence, expected at least 1");
                if (shards[i].File != ShardName(i)) throw new DataFormatException(path, null, $"file {i} of tokens is called '{Shorten(shards[i].File)}', expected '{ShardName(i)}'");
            }

            return new TokenCacheManifest(json[KeyField]!.AsObject(), shards, Number(json, SkippedField));
        }
        catch (Exception exception) when (exception is CheckpointFormatException or InvalidOperationException or NullReferenceException or OverflowException
            || (exception is FormatException and not DataFormatException))
        {
            throw new DataFormatException(path, null, $"it is no manifest of a cache of tokens: {exception.Message}", exception);
        }
    }

    public static string ShardName(int number) => $"tokens-{number:D5}.safetensors";

    private JsonObject ToJson() => new()
    {
        [FormatField] = Format,
        [KeyField] = Key.DeepClone(),
        [SkippedField] = Skipped,
        [ShardsField] = new JsonArray(
        [
            .. Shards.Select(shard => new JsonObject
            {
                ["file"] = shard.File,
                ["bytes"] = shard.Bytes,
                ["sequences"] = shard.Sequences,
                ["tokens"] = shard.Tokens,
                ["token-checksum"] = shard.TokenChecksum,
                ["index-checksum"] = shard.IndexChecksum,
            }),
        ]),
    };

    private static string Hash(JsonObject json) => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(json.ToJsonString())));

    private static string Text(JsonNode node, string field) => node[field]?.GetValue<string>() ?? throw new InvalidOperationException($"'{field}' is missing.");

    private static long Number(JsonNode node, string field)
    {
        long value = node[field]?.GetValue<long>() ?? throw new InvalidOperationException($"'{field}' is missing.");
        return value >= 0 ? value : throw new InvalidOperationException($"'{field}' is {value}, expected at least 0.");
    }

    private static string Shorten(string text) => text.Length > 100 ? text[..100] + "…" : text;
}
