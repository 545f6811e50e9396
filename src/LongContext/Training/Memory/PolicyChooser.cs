using LongContext.Cuda;
using LongContext.Models;
using LongContext.Models.Quantization;
using Microsoft.Extensions.Logging;
using TorchSharp;

namespace LongContext.Training.Memory;

/// <summary>
/// The policy of each pack: the one asked for, or the fastest that the planner says fits this machine. What is kept changes no result, so
/// that a pack's length may decide; only the last resort, fewer heads at a time, changes last digits.
/// </summary>
internal sealed partial class PolicyChooser
{
    /// <summary>Share of the memory that is planned with: the planner is some percent off, and libtorch's caches are not seamless.</summary>
    private const double Share = 0.85;

    private readonly ActivationPolicy? asked;
    private readonly MemoryRequest request;
    private readonly ILogger logger;
    private readonly List<(int Tokens, ActivationPolicy Policy)> chosen = [];

    public PolicyChooser(CausalLanguageModel model, TrainerOptions options, ILogger logger)
    {
        asked = options.Activations;
        this.logger = logger;
        bool onGpu = model.Device.type != DeviceType.CPU;
        long host = (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * Share);
        CudaDevice? gpu = onGpu && CudaDevice.IsAvailable ? CudaDevice.Get(Math.Max(0, model.Device.index)) : null;
        request = new MemoryRequest
        {
            Config = model.Config,
            DataType = model.DataType,
            Adapter = model.Adapter?.Options,
            WeightQuantization = QuantizationOf(model),
            Optimizer = options.Optimizer,
            AppliesGradientsByLayer = options.AppliesGradientsByLayer,
            OnGpu = onGpu,
            DeviceBytes = onGpu ? (long?)(gpu?.MemoryBytes * Share) : host,
            HostBytes = onGpu ? host : null,
        };
    }

    /// <summary>The policy for a pack of so many tokens.</summary>
    public ActivationPolicy For(int tokens)
    {
        if (asked is not null) return asked;
        // A pack that is a little longer than the last one is no new case.
        int rounded = (int)Math.Min(MemoryPlanner.MaximumTokens, (tokens + 1023L) / 1024 * 1024);
        foreach ((int known, ActivationPolicy policy) in chosen)
        {
            if (known == rounded) return policy;
        }

        MemoryPlan plan = MemoryPlanner.Plan(request, rounded);
        if (!plan.Fits) LogTooLarge(rounded, plan.Estimate.DeviceBytes / 1e9, (request.DeviceBytes ?? 0) / 1e9, MemoryEstimate.Describe(plan.Policy));
        else if (chosen.Count == 0 || chosen[^1].Policy != plan.Policy) LogChosen(rounded, MemoryEstimate.Describe(plan.Policy), plan.Estimate.DeviceBytes / 1e9, (request.DeviceBytes ?? 0) / 1e9);
        chosen.Add((rounded, plan.Policy));
        return plan.Policy;
    }

    private static WeightQuantization QuantizationOf(CausalLanguageModel model) =>
        model.Parameters.All.Select(parameter => parameter.Quantized).FirstOrDefault(quantized => quantized is not null) switch
        {
            null => WeightQuantization.None,
            EightBitWeight => WeightQuantization.EightBit,
            Int4Weight => WeightQuantization.FourBit,
            Float8Weight => WeightQuantization.Float8,
            _ => WeightQuantization.Nf4,
        };

    [LoggerMessage(EventId = 218, Level = LogLevel.Information, Message = "Packs of up to {Tokens} tokens: {Policy}; planned peak {Peak:F2} of {Limit:F2} GB.")]
    private partial void LogChosen(int tokens, string policy, double peak, double limit);

    [LoggerMessage(EventId = 219, Level = LogLevel.Warning, Message = "Packs of {Tokens} tokens are planned at {Peak:F2} GB, but {Limit:F2} GB may be used: memory may run out. {Policy}.")]
    private partial void LogTooLarge(int tokens, double peak, double limit, string policy);
}
