using System.Buffers.Binary;
using System.Text.Json.Nodes;
using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Data.Caching;

/// <summary>Caches that were damaged, cut off, or made up by somebody.</summary>
public sealed class TokenCacheDamageTests
{
    private const int Count = 60;
    private static readonly TokenCacheOptions Small = new() { Degree = 1, ShardBytes = 1024 };

    [Fact]
    public async Task Open_AnyByteOfAnyFileChanged_IsRefusedOrTheSame()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        List<TokenSequence> expected = CacheData.Expected(Count);
        foreach (string file in Directory.GetFiles(folder[CacheData.Key(Count).Name]).Take(3).Append(folder[CacheData.Key(Count).Name + "/cache.json"]).Distinct())
        {
            byte[] bytes = File.ReadAllBytes(file);
            for (int at = 0; at < bytes.Length; at += at < 400 ? 1 : 7)
            {
                byte[] changed = [.. bytes];
                changed[at] ^= (byte)(1 << (at % 8));
                File.WriteAllBytes(file, changed);
                AssertRefusedOrSame(folder.Path, expected, $"{Path.GetFileName(file)}, byte {at}");
            }

            File.WriteAllBytes(file, bytes);
        }
    }

    [Fact]
    public async Task Open_AnyFileCutOffOrGone_IsRefusedWithItsName()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        foreach (string file in Directory.GetFiles(folder[CacheData.Key(Count).Name]))
        {
            byte[] bytes = File.ReadAllBytes(file);
            foreach (int length in new[] { 0, 1, 8, bytes.Length / 2, bytes.Length - 2 })
            {
                File.WriteAllBytes(file, bytes[..length]);
                DataFormatException fault = Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count)));
                Assert.Contains(Path.GetFileName(file), fault.Message, StringComparison.Ordinal);
            }

            File.Delete(file);
            Assert.Contains("there is no such file", Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count))).Message, StringComparison.Ordinal);
            File.WriteAllBytes(file, bytes);
        }

        TokenCache.Open(folder.Path, CacheData.Key(Count)).Dispose();
    }

    [Fact]
    public async Task OpenOrBuild_Damaged_IsBuiltAgainOnlyIfAsked()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        string path = folder[CacheData.Key(Count).Name];
        Dictionary<string, string> whole = CacheData.Contents(path);
        File.WriteAllText(Path.Combine(path, "cache.json"), "{}");
        DataFormatException fault = await Assert.ThrowsAsync<DataFormatException>(() => CacheData.BuildAsync(folder.Path, Count, Small));
        Assert.EndsWith($". Remove {path}, or set TokenCacheOptions.RebuildDamaged, to have the cache built again.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(Path.Combine(path, "cache.json"), fault.Path);
        Assert.Equal("{}", File.ReadAllText(Path.Combine(path, "cache.json")));
        using TokenCache rebuilt = await CacheData.BuildAsync(folder.Path, Count, new TokenCacheOptions { Degree = 1, ShardBytes = 1024, RebuildDamaged = true });
        Assert.True(rebuilt.Report.WasBuilt);
        Assert.Equal(whole, CacheData.Contents(path));
        Assert.Single(Directory.GetDirectories(folder.Path));
    }

    [Fact]
    public async Task OpenOrBuild_RebuildingFails_KeepsWhatIsThere()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        string path = folder[CacheData.Key(Count).Name];
        File.WriteAllText(Path.Combine(path, "cache.json"), "{}");
        Dictionary<string, string> before = CacheData.Contents(path);
        await Assert.ThrowsAsync<DataFormatException>(() => TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(Count), () => CacheData.Source(Count), _ => throw new FormatException("odd"), new TokenCacheOptions { RebuildDamaged = true },
            cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(before, CacheData.Contents(path));
    }

    [Fact]
    public async Task Verify_ChangedToken_NamesTheFile()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        string file = folder[CacheData.Key(Count).Name + "/tokens-00001.safetensors"];
        byte[] bytes = File.ReadAllBytes(file);
        bytes[TokenShardWriter.HeaderBytes + 5] ^= 1;
        File.WriteAllBytes(file, bytes);
        using (TokenCache cache = TokenCache.Open(folder.Path, CacheData.Key(Count)))
            Assert.Contains("tokens-00001.safetensors: its tokens have the checksum", Assert.Throws<DataFormatException>(() => cache.Verify()).Message, StringComparison.Ordinal);
        Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count), new TokenCacheOptions { VerifyTokens = true }));
    }

    /// <summary>Whoever writes a file can write its checksums too: numbers that lead out of the file are refused all the same.</summary>
    [Theory]
    [InlineData(0, 1, "begins with 1")]
    [InlineData(1, 0, "from 0 to 0 at sequence 0")]
    [InlineData(1, -8, "from 0 to -8 at sequence 0")]
    [InlineData(1, long.MaxValue, "at sequence 0")]
    [InlineData(2, 1_000_000, "at sequence")]
    [InlineData(-1, 1_000_000, "ends with 1000000")]
    public async Task Open_HostileIndexWithItsChecksum_IsRefused(int place, long value, string message)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        string path = folder[CacheData.Key(Count).Name], file = Path.Combine(path, "tokens-00000.safetensors");
        TokenCacheManifest manifest = TokenCacheManifest.Load(path);
        TokenShardInfo info = manifest.Shards[0];
        byte[] bytes = File.ReadAllBytes(file);
        int tokenBytes = (int)info.Tokens * 2, index = TokenShardWriter.HeaderBytes + tokenBytes, offsets = index + (-tokenBytes & 7);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(offsets + (8 * (place < 0 ? (int)info.Sequences : place))), value);
        File.WriteAllBytes(file, bytes);
        string checksum = Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(bytes.AsSpan(index)));
        (manifest with { Shards = [info with { IndexChecksum = checksum }, .. manifest.Shards.Skip(1)] }).Save(path);
        Assert.Contains(message, Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file", "\"../outside\"", "is called '../outside'")]
    [InlineData("sequences", "-1", "'sequences' is -1")]
    [InlineData("sequences", "3", "expected 4 of Int64")]
    [InlineData("tokens", "9223372036854775807", "expected 9223372036854775807 of UInt16")]
    [InlineData("tokens", "\"many\"", "no manifest")]
    [InlineData("bytes", "7", "expected 7")]
    public async Task Open_HostileManifestWithItsChecksum_IsRefused(string field, string value, string message)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, Count, Small)).Dispose();
        string file = folder[CacheData.Key(Count).Name + "/cache.json"];
        JsonObject json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        json["shards"]![0]![field] = JsonNode.Parse(value);
        json.Remove("checksum");
        json["checksum"] = Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())));
        File.WriteAllText(file, json.ToJsonString());
        Assert.Contains(message, Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SomethingElseOfThatName_IsRefused()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder[CacheData.Key(Count).Name]);
        Assert.Contains("no whole cache", Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count))).Message, StringComparison.Ordinal);
        Directory.Delete(folder[CacheData.Key(Count).Name]);
        File.WriteAllText(folder[CacheData.Key(Count).Name], "a file");
        Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, CacheData.Key(Count)));
    }

    private static void AssertRefusedOrSame(string folder, List<TokenSequence> expected, string what)
    {
        try
        {
            using TokenCache cache = TokenCache.Open(folder, CacheData.Key(Count), new TokenCacheOptions { VerifyTokens = true });
            CacheData.AssertSame(expected, cache);
        }
        catch (DataFormatException)
        {
            // Named in other tests; here it is enough that nothing else comes of it.
        }
        catch (Exception exception)
        {
            Assert.Fail($"{what}: {exception}");
        }
    }
}
