using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Cuda;
using LongContext.Cuda.Driver;

namespace LongContext.Benchmarks.Gpu;

/// <summary>What the driver makes of every kernel, and what a launch from C# costs: the first things to look at on a new GPU or driver.</summary>
internal static partial class GpuKernels
{
    private const int Launches = 20_000;

    /// <summary>
    /// Loads every kernel that the GPU can run: registers, beside those that its launch bounds leave, local memory (spills where not 0; 0 is expected),
    /// static shared memory, time to assemble.
    /// </summary>
    public static int Registers(string? word, TextWriter output)
    {
        CudaContext context = CudaContext.ForDevice(0);
        int faults = 0;
        // All cores assemble at once, before the walk: one after the other takes minutes.
        string[] modules = [.. Modules(word, context)];
        long together = Stopwatch.GetTimestamp();
        string? refused = context.WhyNotLoadable(modules);
        output.WriteLine(JsonSerializer.Serialize(new { modules = modules.Length, together_ms = Math.Round(Stopwatch.GetElapsedTime(together).TotalMilliseconds), refused }));
        foreach (string module in modules)
        {
            string text = System.Text.Encoding.ASCII.GetString(KernelImages.Load(module));
            foreach (string entry in Entry().Matches(text).Select(match => match.Groups[1].Value))
            {
                var row = new Dictionary<string, object> { ["module"] = module, ["kernel"] = entry };
                try
                {
                    long began = Stopwatch.GetTimestamp();
                    CudaFunction function = context.GetKernel(module, entry);
                    row["assembled_ms"] = Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    row["registers"] = function.Registers;
                    row["bound_registers"] = BoundOf(text[text.IndexOf($".entry {entry}(", StringComparison.Ordinal)..], context.Architecture);
                    row["local_bytes"] = function.LocalBytes;
                    row["shared_bytes"] = function.StaticSharedBytes;
                }
                catch (CudaException e)
                {
                    faults++;
                    row["error"] = e.Message;
                }

                output.WriteLine(JsonSerializer.Serialize(row));
            }
        }

        return faults == 0 ? 0 : 1;
    }

    /// <summary>What the driver's assembler says of every module that the GPU can run: spills, and setmaxnreg where it is left out (then a kernel's roles do not get their registers).</summary>
    public static int Assembler(string? word, TextWriter output)
    {
        CudaContext context = CudaContext.ForDevice(0);
        Parallel.ForEach(Modules(word, context), module =>
        {
            string line = JsonSerializer.Serialize(new { module, assembler = context.AssemblerInformation(module) });
            lock (output) output.WriteLine(line);
        });
        return 0;
    }

    /// <summary>Microseconds of the calling thread for a launch, and bytes that it allocates; asked: at most 10 and 0.</summary>
    public static int Launch(TextWriter output)
    {
        CudaContext context = CudaContext.ForDevice(0);
        CudaFunction probe = context.GetKernel("sm_80/probe", "probe_axpy");
        using var buffer = new CudaBuffer(context, 1024);
        buffer.Fill(0);
        var parameters = new ProbeParameters { X = buffer.Address, Y = buffer.Address, A = 1, Count = 1 };
        var shape = new LaunchShape(1, 32);
        var times = new List<double>();
        long allocated = 0;
        for (int round = 0; round < 11; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
            for (int i = 0; i < Launches / 20; i++) probe.Launch(shape, 0, parameters);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds / (Launches / 20));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            context.Synchronize();
        }

        times.Sort();
        output.WriteLine(JsonSerializer.Serialize(new { ours = "launch", median_us = times[times.Count / 2], allocated_bytes = allocated }));
        return 0;
    }

    private static IEnumerable<string> Modules(string? word, CudaContext context) => KernelImages.Names.Where(name =>
        (word is null || name.Contains(word, StringComparison.Ordinal)) && (context.Architecture.IsHopper || !name.StartsWith("sm_90a/", StringComparison.Ordinal)));

    /// <summary>Registers of a thread that an entry's launch bounds leave; setmaxnreg moves some of them between warps.</summary>
    private static int BoundOf(string entry, GpuArchitecture gpu)
    {
        string head = entry[..entry.IndexOf('{', StringComparison.Ordinal)];
        int threads = Threads().Match(head) is { Success: true } bound ? int.Parse(bound.Groups[1].Value, CultureInfo.InvariantCulture) : 1024;
        int blocks = Blocks().Match(head) is { Success: true } found ? int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
        return Math.Min(255, gpu.RegistersPerMultiprocessor / (threads * blocks) / 8 * 8);
    }

    [GeneratedRegex(@"\.maxntid\s+(\d+)")]
    private static partial Regex Threads();

    [GeneratedRegex(@"\.minnctapersm\s+(\d+)")]
    private static partial Regex Blocks();

    [GeneratedRegex(@"\.entry\s+(\w+)")]
    private static partial Regex Entry();
}
