using System.Diagnostics;
using System.Text.Json.Nodes;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Runs;

public sealed class KilledRunTests
{
    private const int Items = 240, PerLife = 25, AtOnce = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_KilledManyTimes_WhatWasReceivedIsNeverAskedAgain(bool streaming)
    {
        using TemporaryFolder folder = new();
        using StubServer server = new(request => new StubReply(EchoTask.Answer(request.Text)) { Wait = TimeSpan.FromMilliseconds(1) });
        int kills = await KillUntilDoneAsync(folder, server, Items, streaming, most: 8, longerEachTime: 1, limit: 12);
        Assert.InRange(kills, 6, 9);
        // What the server has answered but nobody had received when the process ended is all that is asked twice.
        Assert.Equal(Items, server.Answered.Distinct().Count());
        Assert.InRange(server.Answered.Count, Items, Items + (kills * AtOnce));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_KilledWhileTheServerFails_NothingIsLostOrAskedTwice(bool streaming)
    {
        using TemporaryFolder folder = new();
        using StubServer server = new(request => Faulty(request));
        int kills = await KillUntilDoneAsync(folder, server, 120, streaming, most: 5, longerEachTime: 9, limit: 8);
        Assert.InRange(kills, 4, 6);
        Assert.Equal(120, server.Answered.Distinct().Count());
        Assert.InRange(server.Answered.Count, 120, 120 + (kills * AtOnce));
        Assert.True(server.Asked.Count > server.Answered.Count + 30, "the server has hardly failed");
    }

    [Fact]
    public async Task FindAsync_KilledManyTimes_FindsWhatAnUnbrokenSearchFinds()
    {
        using TemporaryFolder folder = new(), files = new();
        string Answer(string question) => SlopeTask.Answer(5, (_, length) => 1 / (1 + Math.Pow(length / 9_000.0, 4)), question);
        using StubServer server = new(request => new StubReply(Answer(request.Text)));
        int kills = 0, perLife = 40;
        while (true)
        {
            int before = server.Asked.Count;
            using Process process = Process.Start(OwnProgram.With(KilledRun.Name, folder.Path, server.Address.ToString(), files["found"], false.ToString()))!;
            while (!process.HasExited && (kills >= 6 || server.Asked.Count - before < perLife)) await Task.Delay(1, Token);
            process.Kill();
            await process.WaitForExitAsync(Token);
            if (process.ExitCode == 0) break;
            kills++;
            perLife += 7;
            Assert.True(kills <= 8, "it does not get on");
        }

        Assert.InRange(kills, 4, 7);
        Assert.InRange(server.Answered.Count, server.Answered.Distinct().Count(), server.Answered.Distinct().Count() + (kills * AtOnce));
        Assert.Equal(KilledRun.Search(RunModels.Of(server.Client()), new EvaluationRunOptions()), File.ReadAllText(files["found"]));
    }

    /// <summary>Starts a run again and again, each time killed after a few more requests, until it is let finish; nothing that was kept may be asked again.</summary>
    /// <returns>How often it was killed.</returns>
    private static async Task<int> KillUntilDoneAsync(TemporaryFolder folder, StubServer server, int items, bool streaming, int most, int longerEachTime, int limit)
    {
        HashSet<string> kept = [];
        int kills = 0;
        while (true)
        {
            int before = server.Asked.Count;
            using Process process = Process.Start(
                OwnProgram.With(KilledRun.Name, folder.Path, server.Address.ToString(), items.ToString(System.Globalization.CultureInfo.InvariantCulture), streaming.ToString()))!;
            while (!process.HasExited && (kills >= most || server.Asked.Count - before < PerLife + (longerEachTime * kills))) await Task.Delay(1, Token);
            process.Kill();
            await process.WaitForExitAsync(Token);
            Assert.Empty(server.Asked.Skip(before).Intersect(kept));
            if (process.ExitCode == 0) return kills;
            kills++;
            foreach (string answer in Kept(folder[ResponseStore.FileName])) kept.Add(answer.Replace("answer", "question", StringComparison.Ordinal));
            Assert.True(kills <= limit, "it does not get on");
        }
    }

    /// <summary>The first tries of most questions go wrong, each in another way.</summary>
    private static StubReply Faulty(StubRequest request)
    {
        string answer = EchoTask.Answer(request.Text);
        int kind = (request.Text[^1] + request.Number) % 8;
        return request.Number >= 3 ? new StubReply(answer) : kind switch
        {
            0 => StubReply.Error(429, "rate_limit_exceeded", "retry-after-ms: 3"),
            1 => StubReply.Error(500),
            2 => new StubReply(answer) { ShareUntilCut = 0.6 },
            3 => new StubReply(answer) { Body = "\u0001garbage" },
            4 when request.Text.EndsWith("07", StringComparison.Ordinal) => new StubReply(answer) { Hangs = true },
            5 => request.IsStreaming ? new StubReply(answer) { PiecesUntilEnd = 2 } : StubReply.Error(503),
            _ => new StubReply(answer) { Wait = TimeSpan.FromMilliseconds(1) },
        };
    }

    /// <summary>The answers of the whole lines.</summary>
    private static IEnumerable<string> Kept(string path)
    {
        string[] lines = File.ReadAllText(path).Split('\n');
        return lines[..^1].Select(line => (string)JsonNode.Parse(line)!["text"]!);
    }
}
