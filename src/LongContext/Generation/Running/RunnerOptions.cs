using LongContext.Cpu.Attention;

namespace LongContext.Generation.Running;

/// <summary>How steps of a model are run.</summary>
internal sealed record RunnerOptions
{
    /// <summary>Threads of the CPU's kernels. Default 0: as many as there are processors. (Runs by libtorch use libtorch's own threads.)</summary>
    public int Threads { get; init; }

    /// <summary>Number format of the cache. Default null: the model's own type; on the CPU, where that is float16, float32.</summary>
    public CacheFormat? CacheFormat { get; init; }

    /// <summary>Tokens of a page: a power of two from 16 to 256. Default 64.</summary>
    public int PageTokens { get; init; } = 64;

    /// <summary>Tokens of one step, at most. Default 2,048.</summary>
    public int MaximumTokens { get; init; } = 2_048;

    /// <summary>Whether the CPU's kernels round activations before they multiply them with int4 weights (<see cref="GenerationEngineOptions.RoundsActivations"/>). Default false.</summary>
    public bool RoundsActivations { get; init; }

    /// <exception cref="ArgumentException">Options are out of range; the message holds every fault.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Threads is < 0 or > 1024) faults.Add($"{nameof(Threads)} is {Threads}, expected 0 to 1024");
        if (CacheFormat is { } format && !Enum.IsDefined(format)) faults.Add($"{nameof(CacheFormat)} is {format}, which is no format");
        if (PageTokens is < 16 or > 256 || !int.IsPow2(PageTokens)) faults.Add($"{nameof(PageTokens)} is {PageTokens}, expected a power of two from 16 to 256");
        if (MaximumTokens < 1) faults.Add($"{nameof(MaximumTokens)} is {MaximumTokens}, expected at least 1");
        if (faults.Count > 0) throw new ArgumentException($"The runner's options cannot be used: {string.Join("; ", faults)}.");
    }
}
