using System.CommandLine;
using System.Globalization;
using LongContext.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Samples.Shared.Loading;

/// <summary>The options with which the samples that train choose a device and a type for a user's model.</summary>
internal sealed class PlacementCommand
{
    private readonly Option<string?> device = new("--device")
    {
        Description = "With --model: cpu, cuda or cuda:N. Default: cuda where there is a GPU that libtorch can use, else cpu. A GPU needs this project built with TorchSharp-cuda-linux or -windows in place of TorchSharp-cpu.",
    };

    private readonly Option<string?> dataType = new("--dtype") { Description = "With --model: type of the weights, float32, bfloat16 or float16. Default: bfloat16 on a GPU (float16 below compute capability 8.0), float32 on the CPU." };

    public IEnumerable<Option> Options => [device, dataType];

    /// <summary>What the command line says, and on the console what that comes to.</summary>
    /// <exception cref="UsageException">A value is none of those, or there is no such device.</exception>
    public ModelPlacement Read(ParseResult parsed)
    {
        int gpus = cuda.is_available() ? cuda.device_count() : 0;
        ModelPlacement placement = Choose(parsed.GetValue(device), parsed.GetValue(dataType), gpus, HasBFloat16);
        bool instead = placement.Device.type == DeviceType.CUDA && parsed.GetValue(dataType) is null && placement.DataType == ScalarType.Float16;
        Console.WriteLine($"The model is loaded as {placement}{(instead ? ", since this GPU has no arithmetic in bfloat16 (that begins with compute capability 8.0)" : "")}.");
        return placement;
    }

    /// <summary>As above.</summary>
    /// <param name="device">--device; null where it was not given.</param>
    /// <param name="dataType">--dtype; null where it was not given.</param>
    /// <param name="gpus">GPUs that libtorch can use.</param>
    /// <param name="hasBFloat16">Whether the GPU of a number computes in bfloat16.</param>
    internal static ModelPlacement Choose(string? device, string? dataType, int gpus, Func<int, bool> hasBFloat16)
    {
        Device place = DeviceOf(device ?? (gpus > 0 ? "cuda" : "cpu"), gpus);
        return new ModelPlacement(place, dataType switch
        {
            null => place.type != DeviceType.CUDA ? ScalarType.Float32 : hasBFloat16(Math.Max(0, place.index)) ? ScalarType.BFloat16 : ScalarType.Float16,
            "float32" => ScalarType.Float32,
            "bfloat16" => ScalarType.BFloat16,
            "float16" => ScalarType.Float16,
            _ => throw new UsageException($"--dtype is \"{dataType}\", expected float32, bfloat16 or float16."),
        });
    }

    private static bool HasBFloat16(int gpu) => !CudaDevice.IsAvailable || CudaDevice.Get(gpu).ComputeCapability.Major >= 8;

    private static Device DeviceOf(string text, int gpus)
    {
        if (text == "cpu") return CPU;
        int index = 0;
        bool isGpu = text == "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out index));
        if (!isGpu) throw new UsageException($"--device is \"{text}\", expected cpu, cuda or cuda:N.");
        if (gpus == 0) throw new UsageException($"--device is {text}, but libtorch finds no GPU that it can use: see whether this project is built with TorchSharp-cuda-linux or -windows in place of TorchSharp-cpu.");
        return index < gpus ? new Device(DeviceType.CUDA, index) : throw new UsageException($"--device is {text}, but there are {gpus} GPUs, counted from 0.");
    }
}
