using System.Diagnostics;
using LongContext.Cuda.Emulation.Checking;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>One launch of a kernel: a grid of blocks, run by one or several operating-system threads.</summary>
internal sealed unsafe class Launch
{
    public required KernelCode Kernel { get; init; }

    public required DeviceMemory Memory { get; init; }

    public required EmulationOptions Options { get; init; }

    public required (int X, int Y, int Z) Grid { get; init; }

    public required (int X, int Y, int Z) Block { get; init; }

    /// <summary>Static and dynamic shared memory.</summary>
    public required int SharedBytes { get; init; }

    public required int DynamicShared { get; init; }

    /// <summary>The kernel's parameters as they lie in parameter space.</summary>
    public required byte* Parameters { get; init; }

    /// <summary>Constant memory of the module.</summary>
    public required byte* Constants { get; init; }

    public int ConstantBytes { get; init; }

    public int Threads => Block.X * Block.Y * Block.Z;

    public LaunchReport Run()
    {
        long blocks = (long)Grid.X * Grid.Y * Grid.Z;
        int[]? order = null;
        if (Options.Seed != 0 && Options.ResidentBlocks == 1 && blocks < 1 << 20)
        {
            order = [.. Enumerable.Range(0, (int)blocks)];
            new Random(Options.Seed).Shuffle(order);
        }
        int workers = (int)Math.Clamp(Math.Min(Options.Threads, blocks), 1, Environment.ProcessorCount * 4);
        var counters = new Counters[workers];
        long taken = -1;
        bool failed = false;
        var watch = Stopwatch.StartNew();
        void Work(int worker)
        {
            counters[worker] = new Counters(Kernel.Code.Length);
            var resident = new List<BlockRunner>();
            try
            {
                for (int i = 0; i < Options.ResidentBlocks; i++)
                {
                    var runner = new BlockRunner(this, counters[worker], Options.Seed == 0 ? 0 : unchecked((Options.Seed * 7919) + (worker * 104729) + i + 1));
                    resident.Add(runner);
                    if (!Next(runner))
                    {
                        resident.Remove(runner);
                        runner.Dispose();
                        break;
                    }
                }
                while (resident.Count > 0 && !Volatile.Read(ref failed))
                {
                    for (int i = resident.Count - 1; i >= 0; i--)
                    {
                        if (!resident[i].Step() && !Next(resident[i]))
                        {
                            resident[i].Dispose();
                            resident.RemoveAt(i);
                        }
                    }
                }
            }
            catch
            {
                Volatile.Write(ref failed, true);
                throw;
            }
            finally
            {
                resident.ForEach(x => x.Dispose());
            }
        }

        bool Next(BlockRunner runner)
        {
            long index = Interlocked.Increment(ref taken);
            if (index >= blocks)
                return false;
            if (order is not null)
                index = order[index];
            runner.Start((int)(index % Grid.X), (int)(index / Grid.X % Grid.Y), (int)(index / ((long)Grid.X * Grid.Y)));
            return true;
        }

        try
        {
            if (workers == 1)
                Work(0);
            else
            {
                var tasks = new Task[workers];
                for (int i = 0; i < workers; i++)
                {
                    int worker = i;
                    tasks[i] = Task.Factory.StartNew(() => Work(worker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                }
                try
                {
                    Task.WaitAll(tasks);
                }
                catch (AggregateException e) when (e.InnerExceptions.OfType<EmulationException>().FirstOrDefault() is { } found)
                {
                    throw new EmulationException(found.Fault, found.Message[(found.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
                }
            }
            return new LaunchReport(Kernel, counters, blocks, Threads, SharedBytes, watch.Elapsed);
        }
        finally
        {
            foreach (Counters? counter in counters)
                counter?.Dispose();
        }
    }
}
