using System.Text;
using LongContext.Data.Reading;
using LongContext.TestSupport;

namespace LongContext.Data.Operators;

/// <summary>Pipelines of all operators, nested at random, over lists, functions and files; stopped, cancelled, broken and gone on with at random.</summary>
public sealed class PipelineTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public PipelineTests()
    {
        File.WriteAllText(folder["a.jsonl"], Lines(90));
        File.WriteAllText(folder["b.jsonl"], "\uFEFF" + Lines(3).Replace("\n", "\r\n", StringComparison.Ordinal) + "\n\n{\"n\":\"last\"}");
        File.WriteAllBytes(folder["c.jsonl.gz"], [.. Lines(70).Utf8().Chunk(500).SelectMany(part => part.Gzip())]);
        File.WriteAllBytes(folder["d.jsonl.zst"], [.. Lines(70).Utf8().Chunk(300).SelectMany(part => part.Zstd())]);
        File.WriteAllText(folder["e.csv"], "n,text\n" + string.Concat(Enumerable.Range(0, 60).Select(i => i % 9 == 4 ? $"{i}\n" : $"{i},\"a\n\"\"{i}\"\n")));
        File.WriteAllText(folder["f.json"], "[" + string.Join(",\n", Lines(40).TrimEnd().Split('\n').Select(line => line.StartsWith('{') ? line : "17")) + "]");
        File.WriteAllBytes(folder["g.jsonl.gz"], Lines(80).Utf8().Gzip()[..^30]);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pipelines_OfAnyOperators_LoseAndDoubleNothing() => Check(first: 0, count: 60);

    [Fact]
    [Trait("Category", "Slow")]
    public void Pipelines_VeryMany_LoseAndDoubleNothing()
    {
        SlowTests.SkipUnlessAsked();
        Check(first: 1_000_000, count: SlowTests.Cases(1_000));
    }

    private static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => (i % 11) switch
    {
        3 => "{\"n\":\n",
        5 => "\n",
        _ => FormattableString.Invariant($"{{\"n\":{i},\"text\":\"{new string('x', i % 13)}\"}}\n"),
    }));

    private void Check(int first, int count)
    {
        int kept = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                kept += CheckOne(seed);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new InvalidOperationException($"The pipeline of seed {seed}, {Build(seed, new Machine(seed, faults: 0)).Shape}: {fault.Message}", fault);
            }
        }

        Assert.True(kept > 20 * count, $"{kept} items of {count} pipelines: too few to find much.");
    }

    private int CheckOne(int seed)
    {
        const int most = 400;
        List<string> walk;
        using (Machine whole = new(seed, faults: 0)) walk = Build(seed, whole).Source.Walk(most);
        Random random = new(seed);
        Machine machine = new(random.Next(), faults: 25);
        try
        {
            IDataSource<string> source = Build(seed, machine).Source;
            List<string> taken = [];
            List<(StreamState State, int Taken)> states = [(source.Capture(), 0)];
            for (int turns = 0; ; turns++)
            {
                Assert.InRange(turns, 0, 20_000);
                switch (random.Next(40))
                {
                    case 0: // another process, with other numbers of threads
                        StreamState state = random.Next(10) == 0 ? source.Capture().ThroughAFile() : source.Capture();
                        machine.Dispose();
                        machine = new Machine(random.Next(), faults: 25);
                        source = Build(seed, machine).Source;
                        machine.IsPaused = true;
                        source.Walk(random.Next(5)); // from wherever it stands
                        machine.IsPaused = false;
                        source.Restore(state);
                        break;
                    case 1:
                        states.Add((source.Capture(), taken.Count));
                        break;
                    case 2: // to a place of before, which may lie ahead by now
                        (StreamState before, int then) = states[random.Next(states.Count)];
                        if (turns > 3_000) break;
                        source.Restore(before);
                        taken = walk[..then];
                        break;
                    default:
                        using (CancellationTokenSource cancelling = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
                        {
                            machine.Cancelling = random.Next(3) == 0 ? cancelling : null;
                            if (random.Next(20) == 0) cancelling.Cancel();
                            try
                            {
                                if (source.Next(cancelling.Token) is not { } item)
                                {
                                    Assert.Equal(walk, taken);
                                    Assert.Null(source.Next(TestContext.Current.CancellationToken));
                                    return walk.Count;
                                }

                                taken.Add(item);
                                Assert.Equal(walk[taken.Count - 1], item);
                                if (taken.Count == most) return most;
                            }
                            catch (IOException fault) when (fault.Message == Machine.Fault)
                            {
                            }
                            catch (OperationCanceledException) when (cancelling.IsCancellationRequested)
                            {
                                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                            }
                            finally
                            {
                                machine.Cancelling = null;
                            }
                        }

                        break;
                }
            }
        }
        finally
        {
            machine.Dispose();
        }
    }

    private (IDataSource<string> Source, string Shape) Build(int seed, Machine machine)
    {
        StringBuilder shape = new();
        return (Build(new Random(seed), machine, shape, depth: 0), shape.ToString());
    }

    private IDataSource<string> Build(Random plan, Machine machine, StringBuilder shape, int depth)
    {
        IDataSource<string> source = Leaf(plan, machine, shape, depth);
        for (int operators = plan.Next(depth == 0 ? 7 : 3); operators > 0; operators--) source = Operator(source, plan, machine, shape, depth);
        return source;
    }

    private IDataSource<string> Leaf(Random plan, Machine machine, StringBuilder shape, int depth)
    {
        int count = plan.Next(4) == 0 ? 1 + plan.Next(2) : 1 + plan.Next(90), kind = plan.Next(depth < 2 ? 7 : 4), number = plan.Next(1000);
        shape.Append(FormattableString.Invariant($"{(kind switch { 0 => "function", 1 => "list", 2 or 3 => "files", 4 => "concat", 5 => "passes", _ => "mixture" })} {count} {number}("));
        IDataSource<string> made;
        switch (kind)
        {
            case 0:
                made = DataSource.FromFunction(i =>
                {
                    machine.Call();
                    return FormattableString.Invariant($"{number}.{i}");
                }, count);
                break;
            case 1:
                made = DataSource.FromList([.. Enumerable.Range(0, count).Select(i => $"{number}:{i}")], plan.Next(2) == 0 ? null : number, 1 + plan.Next(2));
                break;
            case 2 or 3:
                string[] names = ["a.jsonl", "b.jsonl", "c.jsonl.gz", "d.jsonl.zst", "e.csv", "f.json", "g.jsonl.gz"];
                string[] chosen = [.. names.Where(_ => plan.Next(3) == 0).DefaultIfEmpty("a.jsonl").Select(name => folder[name])];
                RecordSource<string> records = RecordSource.FromFiles(
                    chosen,
                    record =>
                    {
                        machine.Call();
                        return record.Origin.Number % 10 == 6 ? null : record.Fields.ToJsonString();
                    },
                    new RecordSourceOptions { BadLines = BadLines.Skip, MaximumBadShare = 1, SkipBrokenFiles = true });
                machine.Own(records, depth);
                made = records;
                break;
            case 4:
                made = Build(plan, machine, shape, depth + 1).Concat([.. Enumerable.Range(0, plan.Next(3)).Select(_ => Build(plan, machine, shape, depth + 1))]);
                break;
            case 5:
                int own = plan.Next();
                made = DataSource.Passes(pass => Build(new Random(own + ((int)pass % 2)), machine, new StringBuilder(), depth + 1), 1 + plan.Next(3));
                break;
            default:
                MixtureEnd end = (MixtureEnd)plan.Next(4);
                made = DataSource.Mixture(
                    [.. Enumerable.Range(0, 1 + plan.Next(3)).Select(i => Weighted(plan, machine, shape, depth))],
                    new MixtureOptions<string> { Shares = (MixtureShares)plan.Next(3), End = end, Seed = number, Size = item => item.Length }).Take(300L);
                break;
        }

        shape.Append(')');
        return made;
    }

    private WeightedSource<string> Weighted(Random plan, Machine machine, StringBuilder shape, int depth)
    {
        // Never empty: what is empty cannot be repeated.
        IDataSource<string> Filled(Random own) => Build(own, machine, shape, depth + 1).Concat(DataSource.FromList(["filled"]));
        double weight = Math.Exp(6 * (plan.NextDouble() - 0.5));
        long epochs = 1 + plan.Next(3);
        int seed = plan.Next();
        return plan.Next(3) == 0
            ? new WeightedSource<string>(Filled(new Random(seed)), weight) { Epochs = epochs, NewPass = pass => Filled(new Random(seed + ((int)pass % 3))) }
            : new WeightedSource<string>(Filled(plan), weight) { Epochs = epochs };
    }

    private IDataSource<string> Operator(IDataSource<string> source, Random plan, Machine machine, StringBuilder shape, int depth)
    {
        int kind = plan.Next(13), number = 1 + plan.Next(plan.Next(3) == 0 ? 60 : 7), other = plan.Next(number);
        string[] names = ["select", "parallel", "many", "where", "take", "skip", "shard", "shuffle", "gather", "chunk", "prefetch", "repeat", "concat"];
        shape.Append(FormattableString.Invariant($".{names[kind]} {number} {other}"));
        switch (kind)
        {
            case 0: return source.Select(item => machine.Pass(item) + "s");
            case 1: return source.SelectParallel(item => machine.Pass(item) + "p", machine.Number(4), machine.Number(9));
            case 2: return source.SelectMany(item => Outputs(item, item.Length * number % 4, machine));
            case 3: return source.Where(item => Hash(machine.Pass(item)) % number != other || number == 1);
            case 4: return source.Take(number * 7L);
            case 5: return source.Skip(number);
            case 6: return source.Shard(other, number);
            case 7: return source.Shuffle(number, seed: other);
            case 8: return source.Gather(group => new Lengths(number * 10, group, machine));
            case 9: return source.Chunk(number).SelectMany(some => some.Reverse()).Select(item => item + "c");
            case 10:
                PrefetchingSource<string> made = source.Prefetch(machine.Number(20));
                machine.Own(made, depth);
                return made;
            case 11: return source.Concat(DataSource.FromList(["filled"])).Repeat(1 + (number % 3));
            default: return source.Concat(depth < 2 ? Build(plan, machine, shape, depth + 1) : DataSource.FromList(["end"]));
        }
    }

    private static int Hash(string text) => text.Aggregate(17, (hash, c) => unchecked((hash * 31) + c) & int.MaxValue);

    private static IEnumerable<string> Outputs(string item, int count, Machine machine)
    {
        for (int i = 0; i < count; i++)
        {
            machine.Call();
            yield return FormattableString.Invariant($"{item}-{i}");
        }
    }

    /// <summary>What differs from run to run: threads, and when something breaks or is cancelled. After so many faults there are none.</summary>
    private sealed class Machine(int seed, int faults) : IDisposable
    {
        public const string Fault = "a fault on purpose";

        private readonly Lock here = new();
        private readonly Random random = new(seed);
        private readonly PriorityQueue<IDisposable, (int Depth, int Made)> owned = new();
        private int left = faults, number;

        public CancellationTokenSource? Cancelling { get; set; }

        public bool IsPaused { get; set; }

        public void Own(IDisposable made, int depth)
        {
            lock (here) owned.Enqueue(made, (depth, --number));
        }

        public int Number(int most)
        {
            lock (here) return 1 + random.Next(most);
        }

        public string Pass(string item)
        {
            Call();
            return item;
        }

        public void Call()
        {
            if (IsPaused) return;
            lock (here)
            {
                if (left == 0 || random.Next(15) > 0) return;
                left--;
                if (random.Next(2) == 0 && Cancelling is { } cancelling)
                {
                    try
                    {
                        cancelling.Cancel();
                    }
                    catch (ObjectDisposedException)
                    {
                        // By a thread that reads ahead, after the call had ended.
                    }

                    return;
                }
            }

            throw new IOException(Fault);
        }

        public void Dispose()
        {
            // What reads ahead before what it reads: its thread may still make something there.
            while (true)
            {
                IDisposable? outermost;
                lock (here)
                {
                    if (!owned.TryDequeue(out outermost, out _)) return;
                }

                outermost.Dispose();
            }
        }
    }

    private sealed class Lengths(int most, long number, Machine machine) : IGroup<string, string>
    {
        private readonly List<string> items = [];
        private int length;

        public GatherResult Add(string item)
        {
            machine.Call();
            if (item.Length > most || item.Length % 7 == 3) return GatherResult.LeftOut;
            if (length + item.Length > most) return GatherResult.Full;
            items.Add(item);
            length += item.Length;
            return length > most - 3 ? GatherResult.AddedLast : GatherResult.Added;
        }

        public string? Complete()
        {
            machine.Call();
            return number % 5 == 4 ? null : FormattableString.Invariant($"{number}[{Hash(string.Join('+', items))}]");
        }
    }
}
