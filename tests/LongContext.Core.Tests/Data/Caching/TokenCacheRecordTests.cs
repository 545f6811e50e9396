using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Packing;

namespace LongContext.Data.Caching;

public sealed class TokenCacheRecordTests
{
    [Theory]
    [InlineData(true)] // as a reader of JSON gives them
    [InlineData(false)] // as a reader of tables does
    public async Task OpenOrBuild_LongRecords_AreReadOnlyAFewAhead(bool parsed)
    {
        // Records of 200,000 characters: each a group of its own. One encoder: at most 1 that is encoded, 1 waiting for it, 2 (and 1 in hand) read, none of
        // them 16 at a time; were they, the first would not be encoded before 16 were read.
        string text = new('x', 200_000);
        DataRecord Record(long n) => new(new RecordOrigin("a", n + 1), parsed ? JsonNode.Parse("{\"deep\":{\"text\":[\"" + text + "\"]}}")!.AsObject() : new JsonObject { ["deep"] = new JsonArray(text) });
        int read = 0, most = 0;
        TokenSequence Encode(DataRecord record)
        {
            most = Math.Max(most, Volatile.Read(ref read) - (int)record.Origin.Number);
            return new TokenSequence(new int[] { 1 });
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("longcontext-cache-");
        try
        {
            IDataSource<DataRecord> Open() => DataSource.FromFunction(n =>
            {
                Interlocked.Increment(ref read);
                return Record(n);
            }, 40);
            using TokenCache cache = await TokenCache.OpenOrBuildAsync(
                folder.FullName, new TokenCacheKey { Files = [], Tokenizer = "t" }, Open, Encode, new TokenCacheOptions { Degree = 1 }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(40, cache.Count);
            Assert.InRange(most, 0, 8);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
