using static TorchSharp.torch;

namespace LongContext.Tests;

/// <summary>Tests that count live tensors of the whole process, so nothing may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TensorCounting
{
    public const string Name = "Tensor counting";

    /// <summary>Live tensors, those that only wait for their finalizer not counted.</summary>
    internal static long Count()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return Tensor.TotalCount;
    }
}
