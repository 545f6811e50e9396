using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;

namespace LongContext.Samples.QuantizeModel.Measured;

/// <summary>A model to quantise, and what it is measured and calibrated on.</summary>
internal interface IMeasuredModel
{
    /// <summary>What is measured, in a line.</summary>
    string Description { get; }

    CausalLanguageModel Load();

    /// <summary>Text like that which the model is for, of the lengths that it is for, and not what it is measured on.</summary>
    IReadOnlyList<PackedBatch> Calibration(long tokens);

    QuantizationReportOptions Measure { get; }
}
