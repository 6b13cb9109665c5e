from django.urls import path

from . import views_health, views_invitation, views_people, views_profile, views_saved

urlpatterns = [
    path("me/", views_profile.profile, name="profile"),
    path("views/new/", views_saved.new, name="view_new"),
    path("views/<int:pk>/", views_saved.edit, name="view_edit"),
    path("views/<int:pk>/updating/", views_saved.update, name="view_update"),
    path("views/<int:pk>/deleting/", views_saved.delete, name="view_delete"),
    path("settings/people/", views_people.PeopleList.as_view(), name="people"),
    path("settings/people/new/", views_people.invite, name="person_new"),
    path("settings/people/<int:pk>/", views_people.edit, name="person_edit"),
    path("settings/people/<int:pk>/invitations/", views_people.inviting_again, name="person_inviting"),
    path("settings/people/<int:pk>/activation/", views_people.activation, name="person_activation"),
    path("settings/people/<int:pk>/second-factor/", views_people.factor, name="person_second_factor"),
    path("invitation/", views_invitation.accept, name="invitation_accepting"),
    path("invitation/<str:token>/", views_invitation.follow, name="invitation"),
    path("healthz/live", views_health.live, name="healthz_live"),
    path("healthz/ready", views_health.ready, name="healthz_ready"),
]
