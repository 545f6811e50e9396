namespace LongContext.Models;

/// <summary>Ways to a longer window that need no settings but its length.</summary>
public enum ContextExtensionMethod
{
    /// <summary>Position interpolation (<see cref="Positions.LinearRopeScaling"/>): for factors up to about 8, with fine-tuning.</summary>
    Linear,

    /// <summary>A larger base (<see cref="Positions.NtkAwareRopeScaling"/>): readable by every program, also by those that know no scaling.</summary>
    NtkAware,

    /// <summary>YaRN (<see cref="Positions.YarnRopeScaling"/>): for large factors, with little fine-tuning.</summary>
    Yarn,

    /// <summary>Llama 3.1's way (<see cref="Positions.Llama3RopeScaling"/>): for large factors, with fine-tuning; leaves the attention's temperature alone.</summary>
    Llama3,

    /// <summary>Dynamic NTK (<see cref="Positions.DynamicNtkRopeScaling"/>): without fine-tuning; short texts stay as they were.</summary>
    DynamicNtk,
}
