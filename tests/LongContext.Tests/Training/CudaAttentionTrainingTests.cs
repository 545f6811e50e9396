using LongContext.Attention;
using LongContext.Cuda;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tests.Attention;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Training through the tiled attention kernels takes the course that libtorch's attention takes.</summary>
public sealed class CudaAttentionTrainingTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(70, 1), TinyModels.Document(9, 2), TinyModels.Document(1, 3), TinyModels.Document(33, 4)]),
        PackedBatch.Create([TinyModels.Document(64, 5), TinyModels.Document(65, 6)]),
    ];

    [Theory]
    [InlineData(ScalarType.BFloat16, false, 80)]
    [InlineData(ScalarType.BFloat16, true, 80)]
    [InlineData(ScalarType.Float16, false, 80)]
    [InlineData(ScalarType.BFloat16, false, 90)]
    [InlineData(ScalarType.BFloat16, true, 90)]
    public async Task TrainAsync_OnTheEmulatedGpu_HasLibtorchsLosses(ScalarType type, bool deterministic, int capability)
    {
        using var driver = new EmulatedDriver(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, Capability = capability });
        using var context = new CudaContext(driver, 0);
        var forwardThreads = new HashSet<int>();
        driver.Launched = launch =>
        {
            if (launch.Kernel == "attention_forward") forwardThreads.Add(launch.ThreadsPerBlock);
        };
        await Compare(EmulatedAttention.Create(context, deterministic), type, CPU);

        // Which path ran: the portable one has 4 warps for heads of 64, Hopper's four warpgroups.
        Assert.Equal([capability == 90 ? 512 : 128], forwardThreads);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, false)]
    [InlineData(ScalarType.BFloat16, true)]
    [InlineData(ScalarType.Float16, false)]
    public async Task TrainAsync_OnAGpu_HasLibtorchsLosses(ScalarType type, bool deterministic)
    {
        Assert.SkipUnless(CudaDevice.IsAvailable && cuda.is_available(), "no GPU: " + (CudaDevice.UnavailableReason ?? "this libtorch is not built for CUDA"));
        await Compare(new CudaAttentionKernel(deterministic), type, CUDA);
    }

    private static async Task Compare(IAttentionKernel tiled, ScalarType type, Device device)
    {
        double[] expected = await Losses(AttentionKernels.Libtorch, seed: 5), ours = await Losses(tiled, seed: 5);
        Assert.True(expected[^1] < expected[0] * 0.8, $"nothing was learned: {expected[0]} → {expected[^1]}");
        // In a half type two orders of the same sums part slowly; another seed's course parts by far more.
        double apart = Distance(expected, ours), another = Distance(expected, await Losses(AttentionKernels.Libtorch, seed: 6));
        Assert.True(apart < 0.02, $"the courses are {apart:P2} apart at the worst");
        Assert.True(apart < another / 5, $"the courses are {apart:P2} apart, those of two seeds {another:P2}");

        async Task<double[]> Losses(IAttentionKernel kernel, int seed)
        {
            using CausalLanguageModel model = CausalLanguageModel.Create(
                ModelConfig(), seed, new ModelLoadOptions { DataType = type, Device = device, AttentionKernel = kernel });
            var options = new TrainerOptions { Steps = 16, LearningRate = 3e-3, Schedule = LearningRateSchedule.Constant() };
            return (await TrainingRun.Of(model, options, Packs)).Losses;
        }

        static Checkpoints.ModelConfig ModelConfig() =>
            TinyModels.Config() with { HiddenSize = 128, HeadCount = 2, KeyValueHeadCount = 1, IntermediateSize = 96, MaxPositionEmbeddings = 128, InitializerRange = 0.08 };

        static double Distance(double[] a, double[] b) => a.Zip(b).Max(pair => Math.Abs(pair.First - pair.Second) / pair.First);
    }
}
