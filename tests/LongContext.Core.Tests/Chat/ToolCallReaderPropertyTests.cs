using System.Globalization;
using System.Text;
using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>What was written is read again, in whatever pieces; nothing that may be written throws or gets lost.</summary>
public sealed class ToolCallReaderPropertyTests
{
    private static readonly string[] Words = ["I look.", "a < b", "{", "[1]", "x|y", "é 😀", "\"name\":", "<|", "tool_call>", "[TOOL", "…", "</tool", "}"];
    private static readonly string[] Bits =
    [
        "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|tool_call|>", "<|/tool_call|>", "<|python_tag|>", "{\"name\": \"f\", \"arguments\": {}}", "{\"name\": \"f\", \"parameters\": {\"a\": [1, \"}\"]}}",
        "{", "}", "[", "]", ",", ";", ":", "\"", "\\", "\"name\"", "\"arguments\"", "\"f\"", "\\ud800", "\ud83d", "\ude00", "\0", "\n", " ", "null", "1e999", "-", "<", "|", ">", "text",
    ];

    public static TheoryData<string> Syntaxes => ["hermes", "llama3", "mistral", "mistral-nemo", "granite", "phi4"];

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void Add_WrittenCallsInRandomPieces_GivesThemBack(string name)
    {
        ToolCallSyntax syntax = ToolCallReaderTests.Syntax(name);
        var random = new Random(11);
        for (int round = 0; round < 1000; round++)
        {
            ChatToolCall[] calls = [.. Enumerable.Range(0, syntax.AllowsSeveral ? random.Next(1, 4) : 1).Select(_ => RandomCall(random))];
            string before = syntax.Opening is null ? "" : string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Words[random.Next(Words.Length)] + ' ')).TrimEnd();
            string answer = before + (before.Length > 0 ? "\n" : "") + syntax.Write(calls);
            List<ToolCallReading> readings = ReadInPieces(syntax, answer, random);
            Assert.Equal(before, string.Concat(readings.Select(reading => reading.Text)));
            Assert.Equal(calls.Select(call => call.Name), readings.Where(reading => reading.Call is not null).Select(reading => reading.Call!.Name));
            Assert.Equal(calls.Select(Written), readings.Where(reading => reading.Call is not null).Select(reading => Written(reading.Call!)));
        }

        string Written(ChatToolCall call) => syntax.Write([call]);
    }

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void Add_RandomMutations_NeverThrowsNorDependsOnThePieces(string name)
    {
        ToolCallSyntax syntax = ToolCallReaderTests.Syntax(name);
        var random = new Random(12);
        int calls = 0;
        for (int round = 0; round < 20_000; round++)
        {
            string answer = RandomAnswer(syntax, random);
            ToolCallReader reader = syntax.CreateReader();
            List<ToolCallReading> whole = [.. reader.Add(answer), .. reader.Flush()];
            Assert.Equal(ToolCallReaderTests.Show(whole), ToolCallReaderTests.Show(ReadInPieces(syntax, answer, random)));
            calls += whole.Count(reading => reading.Call is not null);
            AssertIsSubsequence(string.Concat(whole.Select(reading => reading.Text)), answer);
            if (whole.All(reading => reading.Call is null)) Assert.Equal(answer, string.Concat(whole.Select(reading => reading.Text)));
        }

        Assert.InRange(calls, 1000, 100_000);
    }

    /// <summary>Text is never made up or put elsewhere.</summary>
    private static void AssertIsSubsequence(string text, string answer)
    {
        int at = 0;
        foreach (char c in text)
        {
            at = answer.IndexOf(c, at) + 1;
            Assert.NotEqual(0, at);
        }
    }

    private static List<ToolCallReading> ReadInPieces(ToolCallSyntax syntax, string answer, Random random)
    {
        var readings = new List<ToolCallReading>();
        ToolCallReader reader = syntax.CreateReader();
        for (int at = 0, length; at < answer.Length; at += length)
        {
            length = Math.Min(random.Next(1, 9), answer.Length - at);
            readings.AddRange(reader.Add(answer.Substring(at, length)));
        }

        readings.AddRange(reader.Flush());
        return readings;
    }

    private static string RandomAnswer(ToolCallSyntax syntax, Random random)
    {
        var text = new StringBuilder();
        if (random.Next(4) > 0) text.Append(syntax.Write([RandomCall(random)]));
        for (int i = random.Next(5); i > 0; i--) text.Insert(random.Next(text.Length + 1), Bits[random.Next(Bits.Length)]);
        for (int i = random.Next(3); i > 0 && text.Length > 0; i--) text.Remove(random.Next(text.Length), 1);
        return text.ToString();
    }

    private static ChatToolCall RandomCall(Random random) =>
        new("x", "f" + random.Next(100).ToString(CultureInfo.InvariantCulture), ToolFixtures.Json(RandomObject(random, 3)));

    private static string RandomObject(Random random, int depth)
    {
        IEnumerable<string> fields = Enumerable.Range(0, random.Next(4)).Select(i => $"{RandomString(random, i)}: {RandomValue(random, depth - 1)}");
        return "{" + string.Join(random.Next(2) == 0 ? "," : " ,\n ", fields) + "}";
    }

    private static string RandomValue(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => "null",
        1 => random.Next(2) == 0 ? "true" : "false",
        2 => random.Next(-9, 1000).ToString(CultureInfo.InvariantCulture),
        3 => (random.NextDouble() * Math.Pow(10, random.Next(-30, 30))).ToString("R", CultureInfo.InvariantCulture),
        4 => RandomString(random, 0),
        5 => "[" + string.Join(", ", Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth - 1))) + "]",
        _ => RandomObject(random, depth),
    };

    /// <summary>A JSON string, with its number in front so that no object has a key twice.</summary>
    private static string RandomString(Random random, int number)
    {
        string[] pieces = ["a", "\\\"", "\\\\", "\\n", "\\u0007", "é", "😀", "{", "}", "]", "</tool_call>", "[TOOL_CALLS]", "'", "\\ud83d\\ude00", "\\u2028", "/"];
        return $"\"{number}{string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => pieces[random.Next(pieces.Length)]))}\"";
    }
}
