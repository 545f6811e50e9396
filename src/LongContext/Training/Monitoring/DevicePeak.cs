using static TorchSharp.torch;

namespace LongContext.Training.Monitoring;

/// <summary>
/// What GPUs can compute at best, as NVIDIA's data sheets and architecture papers state it: floating-point operations a second of
/// dense matrices, accumulated in float32, at boost clock. Figures "with sparsity" are twice as high and no measure here.
/// </summary>
public static class DevicePeak
{
    /// <summary>
    /// A row matches a name that holds all its words; of several the first. The longer names stand before those they contain.
    /// </summary>
    private static readonly Row[] Rows =
    [
        new("B200", Half: 2250, TensorFloat32: 1100, Single: 75),
        new("H200 NVL", Half: 835.5, TensorFloat32: 417.5, Single: 60),
        new("H200", Half: 989.4, TensorFloat32: 494.7, Single: 66.9),
        new("H100 NVL", Half: 835.5, TensorFloat32: 417.5, Single: 60),
        new("H100 PCIe", Half: 756, TensorFloat32: 378, Single: 51.2),
        new("H100", Half: 989.4, TensorFloat32: 494.7, Single: 66.9),
        new("A100", Half: 312, TensorFloat32: 156, Single: 19.5),
        new("A40", Half: 149.7, TensorFloat32: 74.8, Single: 37.4),
        new("A30", Half: 165, TensorFloat32: 82, Single: 10.3),
        new("A10", Half: 125, TensorFloat32: 62.5, Single: 31.2),
        new("L40S", Half: 362, TensorFloat32: 183, Single: 91.6),
        new("L40", Half: 181, TensorFloat32: 90.5, Single: 90.5),
        new("L4", Half: 121, TensorFloat32: 60.5, Single: 30.3),
        new("RTX 6000 Ada", Half: 364.2, TensorFloat32: 182.1, Single: 91.1),
        new("RTX A6000", Half: 154.8, TensorFloat32: 77.4, Single: 38.7),
        new("RTX 5090", Half: 209.5, TensorFloat32: 104.8, Single: 104.8),
        new("RTX 4090", Half: 165.2, TensorFloat32: 82.6, Single: 82.6),
        new("RTX 3090", Half: 71, TensorFloat32: 35.6, Single: 35.6),
    ];

    /// <summary>Peak operations a second of a GPU known by name.</summary>
    /// <param name="deviceName">The driver's name, for example "NVIDIA H100 80GB HBM3".</param>
    /// <param name="dataType">Type of the matrices: BFloat16 and Float16 alike, or Float32.</param>
    /// <param name="tensorFloat32">Whether float32 matrices are multiplied in TF32, which libtorch does not do unless told. Default false.</param>
    /// <returns>Operations a second, or null for a GPU or a type that is not in the table.</returns>
    public static double? OperationsPerSecond(string deviceName, ScalarType dataType, bool tensorFloat32 = false)
    {
        ArgumentNullException.ThrowIfNull(deviceName);
        // Whole words: an "A10" is not an "A100", and a laptop's or a cut-down edition's chip is another one.
        string[] words = deviceName.Split([' ', '-', '_'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Any(IsEdition)) return null;
        Row? row = Array.Find(Rows, row => row.Words.All(word => words.Contains(word, StringComparer.OrdinalIgnoreCase)));
        return dataType switch
        {
            ScalarType.BFloat16 or ScalarType.Float16 => row?.Half * 1e12,
            ScalarType.Float32 => (tensorFloat32 ? row?.TensorFloat32 : row?.Single) * 1e12,
            _ => null,
        };
    }

    private static bool IsEdition(string word) =>
        word.Equals("Laptop", StringComparison.OrdinalIgnoreCase) || word.Equals("D", StringComparison.OrdinalIgnoreCase)
        || word.Equals("Ti", StringComparison.OrdinalIgnoreCase) || word.Equals("MIG", StringComparison.OrdinalIgnoreCase)
        || word.Equals("vGPU", StringComparison.OrdinalIgnoreCase);

    /// <summary>In 10¹² operations a second.</summary>
    private sealed record Row(string Name, double Half, double TensorFloat32, double Single)
    {
        public string[] Words { get; } = Name.Split(' ');
    }
}
