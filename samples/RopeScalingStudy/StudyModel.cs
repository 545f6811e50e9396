using LongContext.Evaluation;

namespace LongContext.Samples.RopeScalingStudy;

/// <summary>One row of the study.</summary>
/// <param name="Scaling">The way positions are stretched.</param>
/// <param name="Tuned">Whether the model was tuned so.</param>
/// <param name="Model">The model.</param>
internal sealed record StudyModel(string Scaling, bool Tuned, EvaluationModel Model);
