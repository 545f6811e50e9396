using LongContext.Models;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Samples.Shared.Loading;

/// <summary>Where a user's model lies, and in what type.</summary>
/// <param name="Device">The device.</param>
/// <param name="DataType">Type of the weights.</param>
internal sealed record ModelPlacement(Device Device, ScalarType DataType)
{
    /// <summary>As the built-in word model is computed, whose figures are given in float32.</summary>
    public static ModelPlacement Plain { get; } = new(CPU, ScalarType.Float32);

    /// <summary>Loads a folder's model there.</summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <param name="dequantizes">Whether what the files hold quantised becomes plain weights, which can train.</param>
    /// <param name="scaling">In place of the model's own; null to leave it.</param>
    public CausalLanguageModel Load(string folder, bool dequantizes = true, RopeScaling? scaling = null) =>
        CausalLanguageModel.Load(folder, new ModelLoadOptions { Device = Device, DataType = DataType, DequantizesWeights = dequantizes, RopeScaling = scaling });

    public override string ToString() => $"{DataType.ToString().ToLowerInvariant()} on {Device}";
}
