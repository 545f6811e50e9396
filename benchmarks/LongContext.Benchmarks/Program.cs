using System.Globalization;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using LongContext.Benchmarks.Checkpoints;
using LongContext.Benchmarks.Data;
using LongContext.Benchmarks.Gpu;
using LongContext.Benchmarks.Harness;
using LongContext.Benchmarks.Inference;
using LongContext.Benchmarks.Packing;
using LongContext.Benchmarks.Training;
using LongContext.Cuda;
using LongContext.Cuda.Driver;

BenchmarkSwitcher suites = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly);
if (args.Length == 0)
{
    // The switcher would ask and wait for an answer; a script that forgot its filter should end instead.
    Suites.List(Console.Out);
    return 0;
}

// Peaks of a process are no matter of time per call, so they have a way of their own.
if (args is ["loading-memory", string folder, string type]) return LoadingMemory.Measure(folder, type, Console.Out);
if (args is ["loading-memory"]) return LoadingMemory.Run(Console.Out);
if (args is ["token-cache", .. string[] megabytes])
    return await TokenCacheSpeed.RunAsync(megabytes.Length > 0 ? int.Parse(megabytes[0], CultureInfo.InvariantCulture) : 1000, Console.Out);
if (args is ["inference-cpu"]) return await InferenceOnCpu.RunAsync(Console.Out);
if (args is ["inference-context"]) return await InferenceByContext.RunAsync(Console.Out);
if (args is ["inference-gpu"]) return await InferenceOnGpu.RunAsync(Console.Out);
if (args is ["inference-llama-cpp", string peer, .. string[] types]) return await AgainstLlamaCpp.RunAsync(peer, types, Console.Out);
if (args is ["inference-memory", .. string[] counts])
{
    int[] numbers = [.. counts.Select(count => int.Parse(count, CultureInfo.InvariantCulture))];
    return await InferenceMemory.RunAsync(numbers is [var requests, ..] ? requests : 100, numbers is [_, var tokens] ? tokens : 100_000, Console.Out);
}

if (args is ["inference-cancellation"]) return await CancellationTime.RunAsync(Console.Out);
if (args is ["packing-speed"]) return PackingSpeed.Run(Console.Out);
if (args[0].StartsWith("gpu-", StringComparison.Ordinal) && !CudaDevice.IsAvailable)
{
    Console.Error.WriteLine($"{args[0]} needs a GPU: {CudaDevice.UnavailableReason}");
    return 1;
}

if (args is ["gpu-assembler", .. string[] part]) return GpuKernels.Assembler(part.FirstOrDefault(), Console.Out);
if (args is ["gpu-kernels", .. string[] word]) return GpuKernels.Registers(word.FirstOrDefault(), Console.Out);
if (args is ["gpu-attention", .. string[] words]) return GpuAttention.Run(words, Console.Out);
if (args is ["gpu-neighbours"]) return GpuNeighbours.Run(Console.Out);
if (args is ["gpu-launch"]) return GpuKernels.Launch(Console.Out);
if (args is ["gpu-step", .. string[] shapes]) return GpuStep.Run(CudaContext.ForDevice(0), shapes, Console.Out);
if (args is ["gpu-decoding"]) return GpuDecoding.Run(CudaContext.ForDevice(0), Console.Out);
if (args is ["long-training", .. string[] cases]) return LongTraining.Run(cases, Console.Out);
if (args is ["training-memory", string length, string way]) return TrainingMemory.Measure(int.Parse(length, CultureInfo.InvariantCulture), way, Console.Out);
if (args is ["training-memory", .. string[] lengths]) return TrainingMemory.Run(lengths.Length > 0 ? lengths : ["2048", "16384"], Console.Out);

Summary[] summaries = [.. suites.Run(args, ShortRunConfig.Create())];
// A filter that matches nothing is a mistake to tell a script of.
bool onlyAsks = args.Any(argument => argument is "--list" or "--help" or "--version" or "--info");
return (onlyAsks || summaries.Length > 0) && summaries.All(Suites.IsWhole) ? 0 : 1;
