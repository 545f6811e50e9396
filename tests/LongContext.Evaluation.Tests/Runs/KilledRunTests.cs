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
        HashSet<string> kept = [];
        int kills = 0;
        while (true)
        {
            int before = server.Asked.Count;
            using Process process = Process.Start(
                OwnProgram.With(KilledRun.Name, folder.Path, server.Address.ToString(), Items.ToString(System.Globalization.CultureInfo.InvariantCulture), streaming.ToString()))!;
            while (!process.HasExited && (kills >= 8 || server.Asked.Count - before < PerLife + kills)) await Task.Delay(1, Token);
            process.Kill();
            await process.WaitForExitAsync(Token);
            Assert.Empty(server.Asked.Skip(before).Intersect(kept));
            if (process.ExitCode == 0) break;
            kills++;
            foreach (string answer in Kept(folder[ResponseStore.FileName])) kept.Add(answer.Replace("answer", "question", StringComparison.Ordinal));
            Assert.True(kills <= 12, "it does not get on");
        }

        Assert.InRange(kills, 6, 9);
        // What the server has answered but nobody had received when the process ended is all that is asked twice.
        Assert.Equal(Items, server.Answered.Distinct().Count());
        Assert.InRange(server.Answered.Count, Items, Items + (kills * AtOnce));
    }

    /// <summary>The answers of the whole lines.</summary>
    private static IEnumerable<string> Kept(string path)
    {
        string[] lines = File.ReadAllText(path).Split('\n');
        return lines[..^1].Select(line => (string)JsonNode.Parse(line)!["text"]!);
    }
}
