using System.Diagnostics;
using LongContext.TestSupport;

namespace LongContext.Tests.Training;

/// <summary>Training that is killed again and again is the run that nobody killed.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    [Fact]
    public void Training_KilledFiveTimes_IsTheUnbrokenRun() => Run(kills: 5, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Training_KilledFiftyTimes_IsTheUnbrokenRun()
    {
        SlowTests.SkipUnlessAsked();
        Run(kills: 50, seed: 2);
    }

    private void Run(int kills, int seed)
    {
        int steps = 5 * kills;
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var clock = Stopwatch.StartNew();
        (string[] unbroken, TimeSpan starting, TimeSpan period) = Unbroken(folder, steps);

        var random = new Random(seed);
        int inMidSave = 0, before = 0;
        List<string[]> lives = [];
        for (int life = 0; life < kills; life++)
        {
            using (var process = new KilledProcess(folder["killed"], folder[$"killed-{life}.txt"], steps))
            {
                if (life % 8 == 7)
                {
                    Thread.Sleep(starting * random.NextDouble());
                    before++;
                }
                else
                {
                    WaitForAMoment(process, folder["killed"], random, period, inSave: life % 2 == 0, atItsStart: life % 4 == 0);
                }

                process.Kill();
            }

            if (Directory.Exists(folder["killed"]) && Directory.GetDirectories(folder["killed"], ".partial-*").Length > 0) inMidSave++;
            lives.Add(Lines(folder[$"killed-{life}.txt"]));
        }

        using (var last = new KilledProcess(folder["killed"], folder["killed-last.txt"], steps)) last.AwaitSuccess();
        lives.Add(Lines(folder["killed-last.txt"]));
        output.WriteLine($"{kills} kills ({inMidSave} left a save half done, {before} at a random moment of starting), {lives.Sum(life => life.Length)} steps for {steps}, {clock.Elapsed.TotalSeconds:F0} s");

        AssertTheSameRun(unbroken, lives);
        string end = $"checkpoint-{steps:D6}";
        foreach (string file in Directory.GetFiles(folder["unbroken/" + end]).Select(path => Path.GetFileName(path)!))
            Assert.True(File.ReadAllBytes(folder[$"unbroken/{end}/{file}"]).AsSpan().SequenceEqual(File.ReadAllBytes(folder[$"killed/{end}/{file}"])), $"{file} differs");
        Assert.Equal(Names(folder["unbroken"]), Names(folder["killed"]));
        Assert.True(inMidSave >= Math.Max(1, kills / 10), $"only {inMidSave} of {kills} kills hit a save");
    }

    /// <summary>After some steps, at a random moment of a step and its save, or within a save.</summary>
    private static void WaitForAMoment(KilledProcess process, string checkpoints, Random random, TimeSpan period, bool inSave, bool atItsStart)
    {
        for (int lines = random.Next(1, 5); lines > 0; lines--) Assert.NotNull(process.Line());
        if (!inSave)
        {
            Thread.Sleep(period * random.NextDouble());
            return;
        }

        var waiting = Stopwatch.StartNew();
        while (!(Directory.Exists(checkpoints) && Directory.GetDirectories(checkpoints, ".partial-checkpoint-*").Length > 0))
        {
            Assert.True(waiting.Elapsed < TimeSpan.FromMinutes(1), "no save has begun for a minute");
            Thread.Yield();
        }

        // How much of a period a save takes depends on the disk: some kills fall at its start, where that does not matter.
        if (!atItsStart) Thread.Sleep(period * (random.NextDouble() * 0.6));
    }

    private static (string[] Lines, TimeSpan Starting, TimeSpan Period) Unbroken(TemporaryFolder folder, int steps)
    {
        var clock = Stopwatch.StartNew();
        using var process = new KilledProcess(folder["unbroken"], folder["unbroken.txt"], steps);
        Assert.Equal(KilledTraining.Ready, process.Line());
        TimeSpan starting = clock.Elapsed;
        // The first step is slow: it compiles.
        Assert.Equal("1", process.Line());
        clock.Restart();
        process.AwaitSuccess();
        TimeSpan period = clock.Elapsed / (steps - 1);
        string[] lines = Lines(folder["unbroken.txt"]);
        Assert.Equal(steps, lines.Length);
        Assert.Equal(steps, lines.Select(line => line.Split(' ')[1]).Distinct().Count()); // no step is like another
        return (lines, starting, period);
    }

    /// <summary>Each life's steps are those of the unbroken run, bit for bit, without a gap between a life and those before it.</summary>
    private static void AssertTheSameRun(string[] unbroken, List<string[]> lives)
    {
        int done = 0;
        foreach (string[] life in lives.Where(life => life.Length > 0))
        {
            int first = int.Parse(life[0].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(first, 1, done + 1);
            Assert.Equal(unbroken[(first - 1)..(first - 1 + life.Length)], life);
            // A step is done again only where its checkpoint was not whole yet.
            Assert.True(first >= done, $"a life began at step {first} though {done} steps were done");
            done = first - 1 + life.Length;
        }

        Assert.Equal(unbroken.Length, done);
    }

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    private static IEnumerable<string> Names(string folder) => Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);
}
