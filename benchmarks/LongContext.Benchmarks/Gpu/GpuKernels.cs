using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Cuda;
using LongContext.Cuda.Driver;

namespace LongContext.Benchmarks.Gpu;

/// <summary>What the driver makes of every kernel, and what a launch from C# costs: the first things to look at on a new GPU or driver.</summary>
internal static partial class GpuKernels
{
    private const int Launches = 20_000;

    /// <summary>Loads every kernel that the GPU can run: registers, local memory (spills where not 0), static shared memory, time to assemble.</summary>
    public static int Registers(string? word, TextWriter output)
    {
        CudaContext context = CudaContext.ForDevice(0);
        int faults = 0;
        foreach (string module in KernelImages.Names.Where(name => word is null || name.Contains(word, StringComparison.Ordinal)))
        {
            if (module.StartsWith("sm_90a/", StringComparison.Ordinal) && !context.Architecture.IsHopper) continue;
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

    [GeneratedRegex(@"\.entry\s+(\w+)")]
    private static partial Regex Entry();
}
