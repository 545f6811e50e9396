using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Data;

public sealed class StreamStateTests
{
    private static StreamState Sample() => new StreamState("outer")
        .Set("least", long.MinValue)
        .Set("most", long.MaxValue)
        .Set("text", "half \"quoted\", tail 𝄞\n")
        .SetArray("parts", () => [new[] { 1, -2 }, ReadOnlyMemory<int>.Empty, new[] { int.MaxValue }])
        .SetArray("empty", () => [])
        .Set("below", new StreamState("inner").Set("number", 7).SetArray("parts", () => [new[] { 9 }]));

    [Fact]
    public void SaveAndLoad_AnyValues_AreTheSame()
    {
        StreamState state = Sample().ThroughAFile();
        Assert.Equal("outer", state.Kind);
        Assert.Equal((long.MinValue, long.MaxValue), (state.GetNumber("least"), state.GetNumber("most")));
        Assert.Equal("half \"quoted\", tail 𝄞\n", state.GetText("text"));
        Assert.Equal([1, -2, int.MaxValue], state.GetArray("parts").ToArray());
        Assert.Empty(state.GetArray("empty").ToArray());
        Assert.Equal("inner", state.GetState("below").Kind);
        Assert.Equal(7, state.GetState("below").GetNumber("number"));
        Assert.Equal([9], state.GetState("below").GetArray("parts").ToArray());
    }

    [Fact]
    public void SetArray_Parts_AreFetchedOnceAndLate()
    {
        int calls = 0;
        StreamState state = new StreamState("kind").SetArray("parts", () =>
        {
            calls++;
            return [new[] { 1 }, new[] { 2 }];
        });
        Assert.Equal(0, calls);
        state.GetArray("parts");
        state.ThroughAFile();
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Save_LargeArray_IsNotCopied()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        int[] tokens = new int[8 << 20];
        tokens[^1] = 5;
        StreamState state = new StreamState("kind").SetArray("tokens", () => [tokens, tokens]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        state.Save(folder["state"]);
        // 64 MB went through; what is allocated is the file's buffer and the header.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Equal(5, StreamState.Load(folder["state"]).GetArray("tokens").Span[^1]);
    }

    [Fact]
    public void Get_MissingOrAnotherTypeOrOutOfRange_NamesIt()
    {
        StreamState state = Sample();
        foreach ((Action get, string part) in new (Action, string)[]
        {
            (() => state.GetNumber("nothing"), "'nothing' is missing"),
            (() => state.GetNumber("text"), "'text' is not a number"),
            (() => state.GetText("least"), "'least' is not a text"),
            (() => state.GetArray("below"), "'below' is not an array"),
            (() => state.GetState("parts"), "'parts' is not a state"),
            (() => state.GetState("below").GetNumber("number", 0, 6), "'number' is 7, expected 0 to 6"),
        })
        {
            Assert.Contains(part, Assert.Throws<DataFormatException>(get).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Set_BadOrUsedName_IsRefused()
    {
        Assert.Throws<ArgumentException>("name", () => new StreamState("kind").Set("a.b", 1));
        Assert.Throws<ArgumentException>("name", () => new StreamState("kind").Set("", 1));
        Assert.Throws<ArgumentException>("name", () => new StreamState("kind").Set("a", 1).Set("a", "text"));
        Assert.Throws<ArgumentException>("kind", () => new StreamState(""));
    }

    [Fact]
    public void Save_TooDeep_IsRefused()
    {
        StreamState state = new("deepest"), deeper = new("deepest");
        for (int i = 1; i < 30; i++) state = new StreamState("level").Set("below", state);
        state.ThroughAFile();
        for (int i = 1; i < 31; i++) deeper = new StreamState("level").Set("below", deeper);
        Assert.Throws<InvalidOperationException>(() => deeper.ThroughAFile());
    }

    [Theory]
    [InlineData("""{"kind":"k","values":{"a":1.5}}""", "'a'")]
    [InlineData("""{"kind":"k","values":{"a":null}}""", "'a'")]
    [InlineData("""{"kind":"k","values":{"a":[1]}}""", "'a' is missing")]
    [InlineData("""{"kind":"k","values":{"a b":1}}""", "a b")]
    [InlineData("""{"kind":"k","values":{"a":[]}}""", "'a' is missing")]
    [InlineData("""{"kind":"k","values":{}}""", "'array' belongs to nothing")]
    [InlineData("""{"kind":"k","values":[]}""", "'values'")]
    [InlineData("""{"kind":"","values":{}}""", "'kind'")]
    [InlineData("""{"values":{}}""", "'kind'")]
    [InlineData("""{"kind":"k","values":{},"more":1}""", "found")]
    [InlineData("""{"kind":"k","values":{"below":{"kind":"k"}}}""", "'below'")]
    [InlineData("[]", "object")]
    [InlineData("{", "JSON")]
    public void Load_DamagedDocument_SaysWhat(string document, string part)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsWriter.Write(
            folder["state"], [SafetensorsEntry.Create<int>("array", [2], new[] { 1, 2 })],
            new Dictionary<string, string> { ["format"] = "longcontext.stream-state.1", ["state"] = document });
        string message = Assert.Throws<CheckpointFormatException>(() => StreamState.Load(folder["state"])).Message;
        Assert.Contains(folder["state"], message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ArrayOfAnotherTypeOrShape_SaysWhatItIs()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        foreach (SafetensorsEntry entry in new[] { SafetensorsEntry.Create<long>("array", [1], new[] { 1L }), SafetensorsEntry.Create<int>("array", [1, 2], new[] { 1, 2 }), SafetensorsEntry.Create<int>("array", [], new[] { 1 }) })
        {
            SafetensorsWriter.Write(
                folder["state"], [entry], new Dictionary<string, string> { ["format"] = "longcontext.stream-state.1", ["state"] = """{"kind":"k","values":{"array":[]}}""" });
            Assert.Contains($"'array' is {entry.DataType}", Assert.Throws<CheckpointFormatException>(() => StreamState.Load(folder["state"])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_AnotherFormat_SaysWhich()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsWriter.Write(folder["state"], []);
        Assert.Contains("'pt'", Assert.Throws<CheckpointFormatException>(() => StreamState.Load(folder["state"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnyByteChanged_GivesAStateOrAClearFault()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Sample().Save(folder["state"]);
        byte[] whole = File.ReadAllBytes(folder["state"]);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(folder["changed"], changed);
            try
            {
                StreamState.Load(folder["changed"]);
            }
            catch (CheckpointFormatException)
            {
                // The only exception there may be.
            }
        }

        Assert.Throws<CheckpointFormatException>(() =>
        {
            File.WriteAllBytes(folder["changed"], whole[..^1]);
            StreamState.Load(folder["changed"]);
        });
    }
}
