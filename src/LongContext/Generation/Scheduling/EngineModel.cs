using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Cuda;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Generation.Scheduling;

/// <summary>What an engine must know of its model besides how to run it.</summary>
internal sealed class EngineModel
{
    private readonly Func<string?> whyChanged;
    private readonly Func<PositionRemapping?> usualRemapping;
    private readonly Action<PositionRemapping> checkRemapping;

    public EngineModel(CausalLanguageModel model)
    {
        ModelConfig config = model.Config;
        LoraAdapter? adapter = model.Adapter;
        bool merged = adapter?.IsMerged ?? false;
        (VocabularySize, ContextLength) = (config.VocabularySize, ModelText.Window(config));
        StopTokenIds = model.StopTokenIds;
        Gate = ModelGate.Of(model);
        if (model.Device.type == TorchSharp.DeviceType.CUDA && CudaDevice.IsAvailable)
        {
            CudaDevice device = CudaDevice.Get(Math.Max(0, model.Device.index));
            MemoryName = $"cuda:{Math.Max(0, model.Device.index)}";
            DeviceMemory = new MachineMemory(device.MemoryBytes, device.MemoryBytes - (device.MemoryInUse ?? 0));
        }

        Work = new StepWork(model.Shape, DeviceMemory is not null);
        CacheEndsAt = model.CacheEndsAt;
        RecomputesPast = model.RotatesAnewPastCacheEnd ? model.CacheEndsAt : null;
        string[] types = [.. model.Shape.Layers.Where(layer => layer.HasPositions).Select(layer => layer.Type).Distinct()];
        int[] dynamic = [.. types.Where(type => config.RopeOf(type).Scaling is DynamicNtkRopeScaling).Select(type => config.RopeParametersOf(type).MaxPositionEmbeddings)];
        int[] twofold = [.. types.Where(type => config.RopeOf(type).Scaling is LongRopeScaling).Select(type => config.RopeParametersOf(type).OriginalMaxPositionEmbeddings).Distinct()];
        // Several thresholds are told apart length by length from the first on: more classes than there are do no harm.
        Window = dynamic.Length > 0 ? null : ContextLength;
        FrequenciesFollowLengthPast = dynamic.Length > 0 ? dynamic.Min() : twofold.Length > 1 ? twofold.Min() : null;
        FrequenciesChangePast = twofold.Length == 1 ? twofold[0] : null;
        usualRemapping = () => model.PositionRemapping;
        checkRemapping = value => model.CheckRemapping(value);
        whyChanged = () =>
        {
            model.ThrowIfDisposed();
            return !ReferenceEquals(model.Config, config) ? "positions" : !ReferenceEquals(model.Adapter, adapter) || (adapter?.IsMerged ?? false) != merged ? "adapter" : null;
        };
    }

    /// <summary>For tests.</summary>
    public EngineModel(int vocabularySize)
    {
        VocabularySize = vocabularySize;
        usualRemapping = () => null;
        checkRemapping = _ => { };
        whyChanged = () => null;
    }

    public int VocabularySize { get; }

    /// <summary>Tokens that the model was made for.</summary>
    public int ContextLength { get; init; } = 4096;

    /// <summary>Tokens that a request may have; null for any number: of models whose frequencies follow the length (dynamic NTK), and in tests.</summary>
    public int? Window { get; init; }

    public IReadOnlyCollection<int> StopTokenIds { get; init; } = [];

    /// <summary>Held while the model computes; null where nobody else uses it.</summary>
    public ModelGate? Gate { get; init; }

    /// <summary>Memory of the GPU when the engine was made; null where the model lies in host memory.</summary>
    public MachineMemory? DeviceMemory { get; init; }

    /// <summary>Tells the memory that keys and values lie in from others.</summary>
    public string MemoryName { get; init; } = "host";

    /// <summary>What tokens cost; null where they are only counted.</summary>
    public StepWork? Work { get; init; }

    /// <summary>Tokens beyond which transformers gives up a Phi-3's cache.</summary>
    public int? CacheEndsAt { get; init; }

    /// <summary>Tokens beyond which everything is computed anew, once, with other frequencies (Phi-3); null for never.</summary>
    public int? RecomputesPast { get; init; }

    /// <summary>Tokens beyond which each length has frequencies of its own (dynamic NTK); null for never.</summary>
    public int? FrequenciesFollowLengthPast { get; init; }

    /// <summary>Tokens beyond which other frequencies hold (LongRoPE); null for never.</summary>
    public int? FrequenciesChangePast { get; init; }

    public bool DependsOnLength => FrequenciesFollowLengthPast is not null || FrequenciesChangePast is not null;

    /// <summary>Equal for lengths that have the same frequencies. It never falls with the length.</summary>
    public int FrequencyClass(int length)
    {
        if (FrequenciesFollowLengthPast is { } trained && length > trained) return length;
        return FrequenciesChangePast is { } original && length > original ? 1 : 0;
    }

    /// <summary>The longest length with the frequencies of one.</summary>
    public int LastOfClass(int length)
    {
        int last = int.MaxValue;
        if (FrequenciesFollowLengthPast is { } trained) last = length > trained ? length : trained;
        if (FrequenciesChangePast is { } original && length <= original) last = Math.Min(last, original);
        return last;
    }

    /// <exception cref="InvalidOperationException">The model is not what the engine was made for.</exception>
    public void CheckUnchanged()
    {
        if (whyChanged() is { } what)
            throw new InvalidOperationException($"The model's {what} changed after the engine was made: keys and values in its cache are those of the old one. Make another engine.");
    }

    /// <summary>The remapping in force for a request.</summary>
    /// <exception cref="ArgumentException">It does not fit the model.</exception>
    public PositionRemapping? Remapping(PositionRemapping? asked)
    {
        if (asked is not null) checkRemapping(asked);
        return asked ?? usualRemapping();
    }
}
