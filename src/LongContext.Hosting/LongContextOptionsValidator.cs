using LongContext.Generation;
using LongContext.Models;
using Microsoft.Extensions.Options;
using static TorchSharp.torch;

namespace LongContext.Hosting;

/// <summary>Says all that is wrong with a model's options, once, when the host starts.</summary>
internal sealed class LongContextOptionsValidator(string name) : IValidateOptions<LongContextOptions>
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name1, LongContextOptions options)
    {
        if (name1 != name) return ValidateOptionsResult.Skip;
        List<string> faults = [.. Faults(options)];
        string title = name.Length == 0 ? "LongContextOptions" : $"LongContextOptions of the model \"{name}\"";
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail($"{title}: {string.Join("; ", faults)}.");
    }

    /// <summary>"cuda:1" as its parts.</summary>
    public static (TorchSharp.DeviceType Type, int Index)? Device(string? device) => device switch
    {
        "cpu" => (TorchSharp.DeviceType.CPU, -1),
        "cuda" => (TorchSharp.DeviceType.CUDA, -1),
        not null when device.StartsWith("cuda:", StringComparison.Ordinal) && byte.TryParse(device.AsSpan(5), System.Globalization.NumberStyles.None, null, out byte index) =>
            (TorchSharp.DeviceType.CUDA, index),
        _ => null,
    };

    private static IEnumerable<string> Faults(LongContextOptions options)
    {
        if (options.ClientFactory is null)
        {
            if (string.IsNullOrWhiteSpace(options.ModelFolder)) yield return "ModelFolder is not given, expected the Hugging Face folder of a model";
            else if (!Directory.Exists(options.ModelFolder)) yield return $"ModelFolder \"{options.ModelFolder}\" is not there (looked for {Path.GetFullPath(options.ModelFolder)})";
            else if (!File.Exists(Path.Combine(options.ModelFolder, "config.json"))) yield return $"ModelFolder \"{options.ModelFolder}\" has no config.json, so it is no Hugging Face folder";
        }

        if (options.ModelId is { } id && string.IsNullOrWhiteSpace(id)) yield return "ModelId is empty, expected a name or nothing";
        if (Device(options.Device) is null) yield return $"Device is \"{options.Device}\", expected cpu, cuda or cuda:N";
        if (options.DataType is not (null or ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16))
            yield return $"DataType is {options.DataType}, expected Float32, BFloat16 or Float16";
        if (!Enum.IsDefined(options.WeightQuantization)) yield return $"WeightQuantization is {(int)options.WeightQuantization}, expected one of {string.Join(", ", Enum.GetNames<WeightQuantization>())}";
        if (options.ContextLength is < 2) yield return $"ContextLength is {options.ContextLength}, expected at least 2";
        if (options.RopeExtension is { } rope)
        {
            if (!Enum.IsDefined(rope.Method)) yield return $"RopeExtension.Method is {(int)rope.Method}, expected one of {string.Join(", ", Enum.GetNames<RopeExtensionMethod>())}";
            if (!(rope.Factor >= 1) || !double.IsFinite(rope.Factor)) yield return FormattableString.Invariant($"RopeExtension.Factor is {rope.Factor}, expected at least 1");
        }

        if (options.ChatFormat is { } format)
        {
            if (!Chat.ChatFormat.KnownNames.Contains(format)) yield return $"ChatFormat is \"{format}\", expected one of {string.Join(", ", Chat.ChatFormat.KnownNames)}";
            if (options.CustomChatFormat is not null) yield return "ChatFormat and CustomChatFormat are both given, expected one of them";
        }

        if (options.JsonWhitespace is { } blanks && !Enum.IsDefined(blanks)) yield return $"JsonWhitespace is {(int)blanks}, expected one of {string.Join(", ", Enum.GetNames<JsonWhitespace>())}";
        if (Fault(options.Generation) is { } generation) yield return generation;
        if (options.UsesEngine && EngineFault(options.Engine) is { } engine) yield return engine;
        if (options.ClientFactory is null && options.UsesEngine && options.Engine is { AllowsBeyondContext: true })
            yield return "Engine.AllowsBeyondContext is true, but a hosted model's requests are held to its window, whatever the engine allows: extend that (RopeExtension), or leave the setting out";
        if (!Enum.IsDefined(options.Startup)) yield return $"Startup is {(int)options.Startup}, expected one of {string.Join(", ", Enum.GetNames<ModelStartup>())}";
        if (options.MaximumConcurrentRequests < 1) yield return $"MaximumConcurrentRequests is {options.MaximumConcurrentRequests}, expected at least 1";
        if (options.MaximumQueuedRequests < 0) yield return $"MaximumQueuedRequests is {options.MaximumQueuedRequests}, expected 0 or more";
        if (options.QueueTimeout <= TimeSpan.Zero || options.QueueTimeout > LongestTime) yield return $"QueueTimeout is {options.QueueTimeout}, expected more than no time and at most a day";
        if (options.DrainTimeout < TimeSpan.Zero || options.DrainTimeout > LongestTime) yield return $"DrainTimeout is {options.DrainTimeout}, expected at most a day";
    }

    private static string? EngineFault(GenerationEngineOptions? engine)
    {
        if (engine is null) return "Engine is not given: set UsesEngine to false where there shall be none";
        try
        {
            engine.Validate();
            return null;
        }
        catch (ArgumentException e)
        {
            return "Engine: " + e.Message.TrimEnd('.');
        }
    }

    private static string? Fault(GenerationOptions? generation)
    {
        if (generation is null) return null;
        try
        {
            generation.Validate();
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
