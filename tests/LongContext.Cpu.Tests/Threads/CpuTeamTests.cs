using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Threads;

public sealed unsafe class CpuTeamTests
{
    public static TheoryData<int> TeamSizes => [1, 2, 3, 5, 16];

    [Theory]
    [MemberData(nameof(TeamSizes))]
    public void Run_AnyNumberOfTiles_DoesEachOnce(int workers)
    {
        using var team = new CpuTeam(workers);
        var counts = new int[1000];
        foreach (int tiles in (int[])[0, 1, 2, 3, 7, 64, 1000])
        {
            Array.Clear(counts);
            var work = new Counting { Counts = counts, Workers = workers };
            team.Run(ref work, tiles);
            team.Run(ref work, tiles, inShares: true);
            Assert.Equal(-1, counts.AsSpan(0, tiles).IndexOfAnyExcept(2));
            Assert.Equal(-1, counts.AsSpan(tiles).IndexOfAnyExcept(0));
        }
    }

    [Theory]
    [MemberData(nameof(TeamSizes))]
    public void Run_ManyShortWorks_SeesWhatTheLastOneWrote(int workers)
    {
        using var team = new CpuTeam(workers);
        long* values = stackalloc long[8];
        for (int i = 0; i < 8; i++) values[i] = i;
        var work = new Adding { Values = values };
        for (int round = 0; round < 20_000; round++)
        {
            work.Round = round;
            team.Run(ref work, 8);
        }

        for (int i = 0; i < 8; i++) Assert.Equal(i + 20_000, values[i]);
        Assert.Equal(0, work.Faults);
    }

    [Theory]
    [InlineData(2, 9)]
    [InlineData(3, 64)]
    [InlineData(5, 5)]
    public void Run_InShares_EachWorkerBeginsWithItsOwn(int workers, int tiles)
    {
        using var team = new CpuTeam(workers);
        for (int round = 0; round < 20; round++)
        {
            var first = new int[workers];
            Array.Fill(first, -1);
            var work = new Sharing { Barrier = new Barrier(workers), First = first };
            team.Run(ref work, tiles, inShares: true);
            work.Barrier.Dispose();
            Assert.Equal(Enumerable.Range(0, workers).Select(worker => worker * tiles / workers), first);
        }
    }

    [Fact]
    public void Run_InSharesWhileAHelperIsHeld_TheOthersDoItsShare()
    {
        using var team = new CpuTeam(2);
        var counts = new int[64];
        var work = new Holding { Counts = counts, Rest = new CountdownEvent(63) };
        team.Run(ref work, 64, inShares: true); // the helper's first tile waits for all the others
        Assert.All(counts, count => Assert.Equal(1, count));
        work.Rest.Dispose();
    }

    [Fact]
    public void Run_AfterASleep_WakesTheHelpers()
    {
        using var team = new CpuTeam(3);
        for (int round = 0; round < 20; round++)
        {
            Thread.Sleep(3);
            var work = new Meeting { Barrier = new Barrier(3) }; // every worker must come: three tiles wait for one another
            team.Run(ref work, 3);
            work.Barrier.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(TeamSizes))]
    public void Run_TilesThrow_OtherTilesAreDoneAndOneIsThrown(int workers)
    {
        using var team = new CpuTeam(workers);
        for (int round = 0; round < 50; round++)
        {
            var counts = new int[40];
            var work = new Throwing { Counts = counts };
            var fault = Assert.Throws<FormatException>(() => team.Run(ref work, 40));
            Assert.Contains("tile", fault.Message, StringComparison.Ordinal);
            Assert.Contains(nameof(Throwing), fault.StackTrace, StringComparison.Ordinal);
            Assert.Equal(-1, counts.AsSpan().IndexOfAnyExcept(1));
            var sound = new Counting { Counts = new int[9], Workers = workers };
            team.Run(ref sound, 9); // and the team goes on
            Assert.Equal(-1, sound.Counts.AsSpan().IndexOfAnyExcept(1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_FromATile_IsRefused(int workers)
    {
        using var team = new CpuTeam(workers);
        var work = new Nesting { Team = team };
        Assert.Contains("one caller", Assert.Throws<InvalidOperationException>(() => team.Run(ref work, 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FieldsOfTheWork_AreWrittenBack()
    {
        using var team = new CpuTeam(1);
        var work = new Adding { Values = null };
        team.Run(ref work, 0);
        var counting = new Counting { Counts = new int[3], Workers = 1 };
        team.Run(ref counting, 3);
        Assert.Equal(3, counting.Done);
    }

    [Fact]
    public void Dispose_Team_EndsItsThreadsAndRefusesWork()
    {
        var team = new CpuTeam(3);
        var work = new Gathering { Threads = new Thread[3], Barrier = new Barrier(3) };
        team.Run(ref work, 3);
        work.Barrier.Dispose();
        team.Dispose();
        team.Dispose();
        Assert.Equal(3, work.Threads.Distinct().Count());
        Assert.All(work.Threads, thread => Assert.Equal(thread == Thread.CurrentThread, thread.IsAlive));
        Assert.Throws<ObjectDisposedException>(() => team.Run(ref work, 1));
    }

    [Fact]
    public void Constructor_NoWorkers_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuTeam(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuTeam(1025));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Run_SteadyState_AllocatesNothing(int workers)
    {
        using var team = new CpuTeam(workers);
        long* values = stackalloc long[8];
        long* allocated = stackalloc long[16];
        var work = new Measuring { Values = values, Allocated = allocated };
        for (int i = 0; i < 2000; i++) team.Run(ref work, 8);
        new Span<long>(allocated, 16).Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 2000; i++)
        {
            if (i % 500 == 0) Thread.Sleep(2); // helpers sleep and are woken
            team.Run(ref work, 8);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        for (int worker = 0; worker < workers; worker++) Assert.Equal(0, allocated[worker]);
    }

    [Fact]
    public void Scratch_Grown_IsAlignedAndOwnToEachWorker()
    {
        using var team = new CpuTeam(3);
        foreach (long bytes in (long[])[100, 50, 10_000])
        {
            team.ReserveScratch(bytes);
            for (int worker = 0; worker < 3; worker++)
            {
                Assert.Equal(0, (nint)team.Scratch(worker) % 64);
                new Span<byte>(team.Scratch(worker), (int)bytes).Fill((byte)worker);
            }

            for (int worker = 0; worker < 3; worker++) Assert.Equal(-1, new Span<byte>(team.Scratch(worker), (int)bytes).IndexOfAnyExcept((byte)worker));
        }

        byte* shared = team.SharedScratch(1000);
        shared[999] = 7;
        Assert.Equal((nint)shared, (nint)team.SharedScratch(10));
    }

    private struct Counting : ITileWork
    {
        public int[] Counts;
        public int Workers;
        public int Done;

        public void Run(int tile, int worker)
        {
            if (worker < 0 || worker >= Workers) throw new ArgumentOutOfRangeException(nameof(worker));
            Interlocked.Increment(ref Counts[tile]);
            Interlocked.Increment(ref Done);
        }
    }

    private struct Adding : ITileWork
    {
        public long* Values;
        public int Round;
        public int Faults;

        public void Run(int tile, int worker)
        {
            if (Values[tile] != tile + Round) Interlocked.Increment(ref Faults);
            Values[tile]++;
        }
    }

    private struct Meeting : ITileWork
    {
        public Barrier Barrier;

        public readonly void Run(int tile, int worker)
        {
            if (!Barrier.SignalAndWait(TimeSpan.FromSeconds(30))) throw new TimeoutException("a helper did not come");
        }
    }

    private struct Sharing : ITileWork
    {
        public Barrier Barrier;
        public int[] First;

        public readonly void Run(int tile, int worker)
        {
            if (First[worker] >= 0) return;
            First[worker] = tile;
            if (!Barrier.SignalAndWait(TimeSpan.FromSeconds(30))) throw new TimeoutException("a helper did not come");
        }
    }

    private struct Holding : ITileWork
    {
        public int[] Counts;
        public CountdownEvent Rest;

        public readonly void Run(int tile, int worker)
        {
            Interlocked.Increment(ref Counts[tile]);
            if (tile != 32) Rest.Signal();
            else if (!Rest.Wait(TimeSpan.FromSeconds(30))) throw new TimeoutException("the helper's share was left to it");
        }
    }

    private struct Throwing : ITileWork
    {
        public int[] Counts;

        public readonly void Run(int tile, int worker)
        {
            Interlocked.Increment(ref Counts[tile]);
            if (tile % 3 == 1) throw new FormatException($"tile {tile}");
        }
    }

    private struct Nesting : ITileWork
    {
        public CpuTeam Team;

        public readonly void Run(int tile, int worker)
        {
            var inner = new Counting { Counts = new int[2], Workers = Team.Workers };
            Team.Run(ref inner, 2);
        }
    }

    private struct Gathering : ITileWork
    {
        public Thread[] Threads;
        public Barrier Barrier;

        public readonly void Run(int tile, int worker)
        {
            Threads[worker] = Thread.CurrentThread;
            if (!Barrier.SignalAndWait(TimeSpan.FromSeconds(30))) throw new TimeoutException("a helper did not come");
        }
    }

    private struct Measuring : ITileWork
    {
        public long* Values;
        public long* Allocated;

        private static readonly long[] Last = new long[16];

        public readonly void Run(int tile, int worker)
        {
            Values[tile]++;
            long now = GC.GetAllocatedBytesForCurrentThread();
            // What a helper allocates between its tiles shows at the next one.
            Allocated[worker] += Last[worker] == 0 ? 0 : now - Last[worker];
            Last[worker] = now;
        }
    }
}
