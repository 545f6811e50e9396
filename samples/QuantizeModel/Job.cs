using System.Diagnostics;
using System.Globalization;
using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Packing;
using LongContext.Samples.QuantizeModel.Measured;

namespace LongContext.Samples.QuantizeModel;

/// <summary>Measures the model as it is and in each format, says what was lost, and saves one.</summary>
internal sealed class Job(IMeasuredModel measured, IReadOnlyList<QuantizationChoice> choices, long calibrationTokens, string? keep, string output)
{
    private const string Original = "as it is";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        Console.WriteLine(measured.Description);
        IReadOnlyList<PackedBatch> calibration = choices.Any(choice => choice.Method == QuantizationMethod.Gptq) ? measured.Calibration(calibrationTokens) : [];
        QuantizationReport report = await QuantizationEvaluator.EvaluateAsync(
            new QuantizationCandidate(Original, () =>
            {
                Console.WriteLine($"measuring the model {Original}");
                return measured.Load();
            }),
            [.. choices.Select(choice => new QuantizationCandidate(choice.Name, () => Quantize(choice, calibration, cancellationToken)))],
            measured.Measure,
            cancellationToken);

        string table = report.ToMarkdown();
        Directory.CreateDirectory(output);
        string file = Path.Combine(output, "report.md");
        await File.WriteAllTextAsync(file, table, cancellationToken);
        Console.WriteLine();
        Console.WriteLine(table);
        Save(report, calibration, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The report: {file}. {watch.Elapsed.TotalSeconds:0} seconds."));
    }

    /// <summary>The model that was asked for, else the smallest that kept everything and has sizes that a form of files can hold.</summary>
    private void Save(QuantizationReport report, IReadOnlyList<PackedBatch> calibration, CancellationToken cancellationToken)
    {
        string[] names = keep is not null ? [keep]
            : [.. report.Quantized.Where(figures => report.VerdictOf(figures.Name) == QuantizationVerdict.Kept).OrderBy(figures => figures.WeightBytes).Select(figures => figures.Name)];
        string folder = Path.Combine(output, "model");
        foreach (string name in names)
        {
            using CausalLanguageModel model = Quantize(choices.Single(choice => choice.Name == name), calibration, cancellationToken);
            try
            {
                model.SaveQuantized(folder);
            }
            catch (NotSupportedException e) when (keep is null)
            {
                Console.WriteLine($"{name} cannot be saved: {e.Message}");
                continue;
            }

            Console.WriteLine($"Saved: {name}, {(keep is null ? "the smallest that kept what was measured" : "as asked")}, in {folder}: a Hugging Face folder, {FileBytes(folder) / 1e6:0.0} MB.");
            return;
        }

        Console.WriteLine($"{(names.Length == 0 ? "Every format lost something" : "No other format kept what was measured")}, so none was saved; --keep NAME saves one all the same.");
    }

    private CausalLanguageModel Quantize(QuantizationChoice choice, IReadOnlyList<PackedBatch> calibration, CancellationToken cancellationToken)
    {
        CausalLanguageModel model = measured.Load();
        try
        {
            QuantizationResult result = ModelQuantizer.Quantize(model, choice.ToOptions(calibration), cancellationToken: cancellationToken);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{choice.Name}: {result.BytesBefore / 1e6:0.0} to {result.BytesAfter / 1e6:0.0} MB, {ErrorOf(result)}"));
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>GPTQ moves weights further than rounding does, so that what the matrices give is nearer: that is what is told of it.</summary>
    private static string ErrorOf(QuantizationResult result)
    {
        return result.Matrices.All(matrix => matrix.OutputError is not null)
            ? string.Create(CultureInfo.InvariantCulture, $"outputs off by {Mean(matrix => matrix.OutputError!.Value):P1} on the calibration ({Mean(matrix => matrix.RoundedOutputError!.Value):P1} if rounded)")
            : string.Create(CultureInfo.InvariantCulture, $"weights off by {Mean(matrix => matrix.WeightError):P1}");

        double Mean(Func<QuantizedMatrix, double> error) => Math.Sqrt(result.Matrices.Average(matrix => error(matrix) * error(matrix)));
    }

    private static long FileBytes(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
}
