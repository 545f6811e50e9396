using System.Diagnostics;
using LongContext.TestSupport;

namespace LongContext.Tests.Training;

/// <summary>Training that is killed again and again is the run that nobody killed.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly Moment[] Moments =
        [Moment.SaveBegins, Moment.AnyTime, Moment.InSave, Moment.AfterSave, Moment.InSave, Moment.AnyTime, Moment.AfterSave, Moment.Starting];

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
        int inMidSave = 0;
        List<string[]> lives = [];
        for (int life = 0; life < kills; life++)
        {
            Moment moment = Moments[life % Moments.Length];
            using (var process = new KilledProcess(folder["killed"], folder[$"killed-{life}.txt"], steps))
            {
                if (moment == Moment.Starting) Thread.Sleep(starting * random.NextDouble());
                else Await(moment, process, folder["killed"], random, period);
                process.Kill();
            }

            // What is found after a start that was cut short may be of the life before.
            bool halfDone = moment != Moment.Starting && Partials(folder["killed"]) > 0;
            if (halfDone) inMidSave++;
            lives.Add(Lines(folder[$"killed-{life}.txt"]));
        }

        using (var last = new KilledProcess(folder["killed"], folder["killed-last.txt"], steps)) last.AwaitSuccess();
        lives.Add(Lines(folder["killed-last.txt"]));
        output.WriteLine($"{kills} kills, {inMidSave} of them left a save half done; {lives.Sum(life => life.Length)} steps for {steps}, {clock.Elapsed.TotalSeconds:F0} s");

        AssertTheSameRun(unbroken, lives);
        string end = $"checkpoint-{steps:D6}";
        foreach (string file in Directory.GetFiles(folder["unbroken/" + end]).Select(path => Path.GetFileName(path)!))
            Assert.True(File.ReadAllBytes(folder[$"unbroken/{end}/{file}"]).AsSpan().SequenceEqual(File.ReadAllBytes(folder[$"killed/{end}/{file}"])), $"{file} differs");
        Assert.Equal(Names(folder["unbroken"]), Names(folder["killed"]));
        Assert.True(inMidSave >= Math.Max(1, kills / 5), $"only {inMidSave} of {kills} kills hit a save");
    }

    /// <summary>After some steps, until the moment asked for.</summary>
    private static void Await(Moment moment, KilledProcess process, string checkpoints, Random random, TimeSpan period)
    {
        for (int lines = random.Next(1, 5); lines > 0; lines--) Assert.NotNull(process.Line());
        // How much of a period a save takes depends on the disk: the beginning of a save and its end are seen, not guessed.
        if (moment is not Moment.AnyTime) SpinUntil(() => Partials(checkpoints) > 0, "a save to begin");
        if (moment == Moment.AfterSave) SpinUntil(() => Partials(checkpoints) == 0, "a save to end");
        if (moment != Moment.SaveBegins) Thread.Sleep(period * (random.NextDouble() * (moment == Moment.AnyTime ? 1 : 0.5)));
    }

    private static void SpinUntil(Func<bool> condition, string what)
    {
        var waiting = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waiting.Elapsed < TimeSpan.FromMinutes(1), $"waited a minute for {what}");
            Thread.Yield();
        }
    }

    private static int Partials(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder, ".partial-checkpoint-*").Length : 0;

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

    private enum Moment
    {
        Starting,
        AnyTime,
        SaveBegins,
        InSave,
        AfterSave,
    }

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    private static IEnumerable<string> Names(string folder) => Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);
}
