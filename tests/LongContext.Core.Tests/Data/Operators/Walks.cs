namespace LongContext.Data.Operators;

/// <summary>Walking through sources of any kind, and stopping anywhere.</summary>
internal static class Walks
{
    /// <summary>"0", "1", "2" and so on.</summary>
    public static IDataSource<string> Numbers(int count) => DataSource.FromFunction(i => FormattableString.Invariant($"{i}"), count);

    /// <summary>All that is left, or the first so many, as text.</summary>
    public static List<string> Walk<T>(this IDataSource<T> source, int most = int.MaxValue)
        where T : class
    {
        List<string> taken = [];
        while (taken.Count < most && source.Next(TestContext.Current.CancellationToken) is { } item) taken.Add(Text(item));
        return taken;
    }

    public static string Text(object item) => item switch
    {
        string text => text,
        Packing.TokenSequence sequence => string.Join(' ', sequence.Tokens.ToArray()) + (sequence.LossMask.IsEmpty ? "" : "/" + string.Join("", sequence.LossMask.ToArray().Select(counted => counted ? 1 : 0))),
        IEnumerable<object> items => string.Join('+', items.Select(Text)),
        _ => item.ToString()!,
    };

    /// <summary>
    /// Stops a source after each number of items, carries its state through a file into one made anew (which may have walked elsewhere), and
    /// compares both with the walk that nobody broke.
    /// </summary>
    /// <returns>The unbroken walk.</returns>
    public static List<string> AssertResumesAnywhere<T>(Func<IDataSource<T>> make, int most = int.MaxValue)
        where T : class
    {
        List<string> walk = make().Walk(most);
        IDataSource<T> watched = make();
        for (int stop = 0; stop <= walk.Count; stop++)
        {
            IDataSource<T> first = make(), second = make();
            Assert.Equal(walk[..stop], first.Walk(stop));
            bool file = stop < 10 || stop % 5 == 0; // files are synced to disk, which takes its time
            StreamState state = file ? first.Capture().ThroughAFile() : first.Capture();
            second.Walk(stop % 4);
            second.Restore(state);
            string again = file ? Describe(second.Capture()) : "";
            Assert.Equal(walk[stop..], second.Walk(most - stop));
            Assert.Equal(walk[stop..], first.Walk(most - stop)); // asking for the state changes nothing
            second.Restore(state);
            if (file) Assert.Equal(again, Describe(second.Capture()));

            // And one that is asked for its state after every single item, as a training does.
            watched.Restore(watched.Capture());
            if (stop < walk.Count) Assert.Equal(walk[stop], Assert.Single(watched.Walk(1)));
        }

        if (most == int.MaxValue)
        {
            Assert.Empty(watched.Walk());
            Assert.Empty(watched.Walk());
        }

        return walk;
    }

    /// <summary>
    /// A function throws at every so-manieth call; all the same nothing is lost or given twice, with a restart after every fault and without.
    /// </summary>
    /// <param name="make">Makes the source, whose function calls what it is given.</param>
    /// <param name="periods">Calls from fault to fault; more than are made again after a restart, or there is no getting on.</param>
    public static void AssertFaultsLoseNothing<T>(Func<Action, IDataSource<T>> make, params int[] periods)
        where T : class
    {
        const int most = 1000;
        List<string> walk = make(() => { }).Walk(most);
        foreach (int period in periods is [] ? [2, 3, 4, 5] : periods)
        {
            foreach (bool restart in new[] { false, true })
            {
                int calls = 0;
                void Call()
                {
                    if (++calls % period == 0) throw new InvalidOperationException("a fault on purpose");
                }

                IDataSource<T> source = make(Call);
                List<string> taken = [];
                int faults = 0;
                while (taken.Count < most)
                {
                    try
                    {
                        if (source.Next(TestContext.Current.CancellationToken) is not { } item) break;
                        taken.Add(Text(item));
                    }
                    catch (InvalidOperationException fault) when (fault.Message == "a fault on purpose")
                    {
                        Assert.InRange(++faults, 1, 10_000);
                        if (!restart) continue;
                        StreamState state = source.Capture().ThroughAFile();
                        source = make(Call);
                        source.Restore(state);
                    }
                }

                Assert.Equal(walk, taken);
                Assert.True(faults > 0);
            }
        }
    }

    private static string Describe(StreamState state)
    {
        using TestSupport.TemporaryFolder folder = TestSupport.TestPaths.NewTemporaryFolder();
        state.Save(folder["state"]);
        return Convert.ToHexString(File.ReadAllBytes(folder["state"]));
    }
}
